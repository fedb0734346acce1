// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Prometheus' text format 0.0.4, read strictly: what the real one forgives is an error here.

import assert from 'node:assert/strict';

const kSample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const kLabel = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=[a-zA-Z_])|$)/;

function parseLabels(text = '', line) {
  const labels = {};
  for (let rest = text; rest;) {
    const label = kLabel.exec(rest);
    assert.ok(label, `labels of: ${line}`);
    assert.ok(!(label[1] in labels), `a label twice: ${line}`);
    labels[label[1]] = label[2];
    rest = rest.slice(label[0].length);
  }
  return labels;
}

function checkHistogram(name, samples) {
  const series = new Map();
  for (const { suffix, labels, value } of samples) {
    const { le, ...others } = labels;
    const key = JSON.stringify(others);
    if (!series.has(key)) series.set(key, { buckets: [] });
    const one = series.get(key);
    if (suffix === '_bucket') one.buckets.push([le === '+Inf' ? Infinity : Number(le), value]);
    else one[suffix] = value;
  }
  for (const [key, { buckets, _sum: sum, _count: count }] of series) {
    const about = `${name}${key}`;
    assert.ok(Number.isFinite(sum), about);
    assert.deepEqual(buckets.at(-1), [Infinity, count], about);
    for (let i = 1; i < buckets.length; i += 1) {
      assert.ok(buckets[i][0] > buckets[i - 1][0] && buckets[i][1] >= buckets[i - 1][1], about);
    }
  }
}

/** The families by name, each {type, samples: [{suffix, labels, value}]}. */
export function parseExposition(text) {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map();
  const seen = new Set();
  let help;
  let family;
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      help = comment[2];
    } else if (comment) {
      assert.equal(comment[2], help, `HELP before: ${line}`);
      assert.match(comment[3], /^(counter|gauge|histogram)$/, line);
      assert.ok(!families.has(help), `a family twice: ${line}`);
      family = { name: help, type: comment[3], samples: [] };
      families.set(help, family);
    } else {
      const sample = kSample.exec(line);
      assert.ok(sample, `a line: ${line}`);
      const [, name, labelText, value] = sample;
      assert.ok(name.startsWith(family?.name), `outside of its family: ${line}`);
      const suffix = name.slice(family.name.length);
      assert.match(suffix, family.type === 'histogram' ? /^_(bucket|sum|count)$/ : /^$/, line);
      const labels = parseLabels(labelText, line);
      const identity = name + JSON.stringify(Object.entries(labels).sort());
      assert.ok(!seen.has(identity), `a sample twice: ${line}`);
      seen.add(identity);
      if (family.type === 'counter') assert.ok(Number(value) >= 0, line);
      family.samples.push({ suffix, labels, value: Number(value) });
    }
  }
  for (const { name, type, samples } of families.values()) {
    assert.ok(samples.length > 0, name);
    if (type === 'histogram') checkHistogram(name, samples);
  }
  return families;
}

/** The sum of a family's samples that have these labels; of a histogram how many were observed. */
export function total(families, name, labels = {}) {
  const family = families.get(name);
  if (!family) return 0;
  return family.samples
    .filter(({ suffix }) => suffix === (family.type === 'histogram' ? '_count' : ''))
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
