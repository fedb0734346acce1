// SPDX-License-Identifier: LGPL-2.1-or-later
//
// COVERAGE.md: every request, response, data packet, method, webhook and configuration key of LiveKit, and the
// tests in which it went over the wire or was set.
//
//   node tests/coverage.mjs --check [folder]   the table is what the sources and coverage.json say; with the
//                                              records of a test run, they still show what the table says
//   node tests/coverage.mjs --update folder    takes the records of a test run into coverage.json and the table
//
// The records are written by the end-to-end tests where E2E_RECORD is a folder (e2e/lib/recorder.mjs), from what
// the daemon prints of each message; `meson test` has them in <build>/tests/e2e/record. Unit tests are found by
// name in their text, which says that they speak of something and no more.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const read = (...names) => fs.readFileSync(path.join(folder, ...names), 'utf8');
const kTable = path.join(folder, 'COVERAGE.md');
const kRecords = path.join(folder, 'coverage.json');
const kMostTests = 3;

// ---- what there is ------------------------------------------------------------------------------------------

const proto = (name) => read('../gst/livekit/proto', name);

/** The text between the braces behind `start`. */
function block(text, start) {
  const begin = text.indexOf('{', text.indexOf(start));
  let depth = 0;
  for (let i = begin; i < text.length; i += 1) {
    if (text[i] === '{') depth += 1;
    if (text[i] === '}') depth -= 1;
    if (depth === 0) return text.slice(begin + 1, i);
  }
  throw new Error(`no ${start}`);
}

/** Names of fields, and what their types are called. */
const fields = (text) => [...text.matchAll(/^\s*([\w.]+) (\w+) = \d+/gm)].map(([, type, name]) => ({ name, type: type.split('.').at(-1) }));
const oneof = (file, message, name) => fields(block(block(proto(file), `message ${message} {`), `oneof ${name} {`));

function methods() {
  const files = fs.readdirSync(path.join(folder, '../gst/livekit/proto')).filter((name) => name.endsWith('.proto')).sort();
  return files.flatMap((file) => [...proto(file).matchAll(/^service (\w+) \{/gm)].flatMap(([start, service]) =>
    [...block(proto(file), start).matchAll(/rpc (\w+)\(/g)].map((match) => `${service}/${match[1]}`)));
}

// Not in the schema: WebhookEvent.event is a text.
const kWebhooks = ['room_started', 'room_finished', 'participant_joined', 'participant_left', 'participant_connection_aborted',
  'track_published', 'track_unpublished', 'egress_started', 'egress_updated', 'egress_ended', 'ingress_started', 'ingress_ended'];

/** Each key, and whether it has an effect. */
const keys = () => [...read('../sfu/config/config_keys.cpp').matchAll(/^ {4}\{"([\w.]+)", ValueKind::\w+(,?)/gm)]
  .map((match) => ({ name: match[1], used: match[2] !== '' }));

// ---- where it is tested -------------------------------------------------------------------------------------

function unitTests(under) {
  return fs.readdirSync(path.join(folder, 'unit', under)).filter((name) => /\.(cpp|h)$/.test(name)).sort()
    .map((name) => ({ name: `${under}/${name}`, text: read('unit', under, name) }));
}
const kSessionTests = ['agent', 'room', 'signal'].flatMap(unitTests);
const kApiTests = ['api', 'webhook'].flatMap(unitTests);
const kConfigTests = unitTests('config');

const camel = (name) => name.replace(/(^|_)(\w)/g, (_, __, letter) => letter.toUpperCase());
const naming = (tests, patterns) => tests.filter(({ text }) => patterns.some((pattern) => pattern.test(text))).map(({ name }) => name);
// Types of many fields, and of no message.
const kNoType = ['SessionDescription', 'Ping', 'Header', 'Chunk', 'Trailer', 'string', 'int64'];
function ofField({ name, type }) {
  const patterns = [new RegExp(`\\b(set|mutable|has|add)_${name}\\(`), new RegExp(`::k${camel(name)}\\b`)];
  return naming(kSessionTests, kNoType.includes(type) ? patterns : [...patterns, new RegExp(`::livekit::${type}\\b`)]);
}

function ofKey(name) {
  const words = name.split('.');
  // As YAML, where its section stands somewhere in front of it, or by its path.
  const nested = words.length === 1 ? new RegExp(`"${name}: |\\\\n${name}:`) : new RegExp(`${words.at(-2)}:[^;]*\\b${words.at(-1)}:`);
  return naming(kConfigTests, [nested, new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`)]);
}

const variable = (key) => `LIVEKIT_${key.replaceAll('.', '_').toUpperCase()}`;
// What is another name of a key, or stands for it.
const kAlso = { keys: ['variable LIVEKIT_KEYS'], development: [] };

/** The table: sections of rows { name, seen: what a record calls it, unit: files, note }. */
function sections() {
  const row = (kind, unit) => (it) => ({ name: it.name ?? it, seen: [`${kind} ${it.name ?? it}`], unit: unit(it) });
  const kinds = ['RELIABLE', 'LOSSY'].map((name) => ({ name, type: 'string' }));
  const inApi = (name) => naming(kApiTests, [new RegExp(`\\b${name.split('/').at(-1)}\\b`)]);
  return [
    ['Signal requests', oneof('livekit_rtc.proto', 'SignalRequest', 'message').map(row('request', ofField))],
    ['Signal responses', oneof('livekit_rtc.proto', 'SignalResponse', 'message').map(row('response', ofField))],
    ['Data packets', kinds.concat(oneof('livekit_models.proto', 'DataPacket', 'value')).map(row('data', ofField))],
    ['Methods, answered without an error', methods().map(row('twirp', inApi))],
    ['Webhooks', kWebhooks.map(row('webhook', inApi))],
    ['Configuration keys (* has no effect yet)', keys().map(({ name, used }) => ({
      name: used ? name : `${name} *`,
      seen: [`key ${name}`, `variable ${variable(name)}`, ...(kAlso[name] ?? [])],
      unit: ofKey(name),
    }))],
  ];
}

const seenIn = (row, records) => Object.keys(records).sort().filter((test) => row.seen.some((name) => records[test].includes(name)));
const few = (names) => (names.length > kMostTests ? [...names.slice(0, kMostTests), `and ${names.length - kMostTests} more`] : names).join(', ');

function table(records) {
  const lines = ['# What is tested where', '', 'Made by `coverage.mjs`; do not edit. "End to end": files of `e2e/` in which it went over the wire, or a daemon was',
    'configured with it. "Unit tests": files of `unit/` that speak of it.', ''];
  const empty = [];
  for (const [title, rows] of sections()) {
    lines.push(`## ${title}`, '', '| | end to end | unit tests |', '|---|---|---|');
    for (const row of rows) {
      const tests = seenIn(row, records);
      lines.push(`| ${row.name} | ${few(tests)} | ${few(row.unit)} |`);
      if (tests.length === 0 && row.unit.length === 0) empty.push(row.name);
    }
    lines.push('');
  }
  return [...lines, '## Tested nowhere', '', ...(empty.length ? [empty.join(', ')] : ['Nothing.']), ''].join('\n');
}

// ---- the records of a run -----------------------------------------------------------------------------------

// Sends everything, and nothing as it is meant.
const kHostile = 'bad_input.json';

function fresh(from) {
  if (!from || !fs.existsSync(from)) return {};
  const files = fs.readdirSync(from).filter((name) => name.endsWith('.json') && name !== kHostile).sort();
  return Object.fromEntries(files.map((name) => [path.basename(name, '.json'), JSON.parse(fs.readFileSync(path.join(from, name), 'utf8'))]));
}

/** Rows of which every named test ran, and none showed it: what happens by chance may miss one of them. */
function lost(records, run) {
  return sections().flatMap(([, rows]) => rows).filter((row) => {
    const tests = seenIn(row, records);
    return tests.length > 0 && tests.every((test) => run[test]) && seenIn(row, run).length === 0;
  }).map((row) => row.name);
}

const [mode, from] = process.argv.slice(2);
const kept = fs.existsSync(kRecords) ? JSON.parse(fs.readFileSync(kRecords, 'utf8')) : {};
if (mode === '--update') {
  // Names that are in no row, like a test's unknown keys, are not kept.
  const known = new Set(sections().flatMap(([, rows]) => rows).flatMap((row) => row.seen));
  for (const [test, names] of Object.entries(fresh(from))) kept[test] = names.filter((name) => known.has(name));
  for (const test of Object.keys(kept)) if (!fs.existsSync(path.join(folder, `e2e/${test}.test.mjs`))) delete kept[test];
  const sorted = Object.fromEntries(Object.keys(kept).sort().map((test) => [test, kept[test]]));
  fs.writeFileSync(kRecords, `${JSON.stringify(sorted, null, 1)}\n`);
  fs.writeFileSync(kTable, table(sorted));
} else if (mode === '--check') {
  const gone = Object.keys(kept).filter((test) => !fs.existsSync(path.join(folder, `e2e/${test}.test.mjs`)));
  const problems = gone.map((test) => `coverage.json names ${test}, which is no test`);
  if (!fs.existsSync(kTable) || fs.readFileSync(kTable, 'utf8') !== table(kept)) problems.push('COVERAGE.md is not what coverage.mjs makes');
  problems.push(...lost(kept, fresh(from)).map((name) => `${name} was seen in no test that COVERAGE.md names`));
  if (problems.length) {
    console.error([...problems, `run: node tests/coverage.mjs --update ${from ?? '<build>/tests/e2e/record'}`].join('\n'));
    process.exitCode = 1;
  }
} else {
  console.error('usage: coverage.mjs --check [folder] | --update folder');
  process.exitCode = 2;
}
