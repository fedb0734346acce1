// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Small charts over the last minutes, as SVG. A series is { name, color, points: [[time, value|null], ...] }.

import { h, s } from './dom.js';
import { kWindow } from './history.js';

const kHeight = 150;
const kLeft = 74;
const kBottom = 20;
const kTop = 8;

/** 1, 2 or 5 times a power of ten, not below `value`. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value * 0.999);
}

/** An SVG path; where a value is missing for some time the line stops. */
function pathOf(points, x, y) {
  let path = '';
  let last = null;
  for (const [time, value] of points) {
    if (value === null) {
      last = null;
      continue;
    }
    path += `${last === null || time - last > 12000 ? 'M' : 'L'}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    last = time;
  }
  return path;
}

const highest = (series) => Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value ?? 0)));

export function sparkline(series, now) {
  const [width, height] = [260, 36];
  const max = highest(series) || 1;
  const x = (time) => width - ((now - time) / kWindow) * width;
  const y = (value) => height - 2 - (value / max) * (height - 4);
  return s('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    series.map(({ points, color }) => s('path', { d: pathOf(points, x, y), stroke: color, class: 'line' })));
}

/** A chart with a heading, a scale, a legend, and the figures at the pointer. */
export class LineChart {
  /** `format` makes text of a value; `least` is the least end of the scale, `width` what it is drawn for, in px. */
  constructor(title, format, { least = 1, stacked = false, width = 420 } = {}) {
    this.width = width;
    this.format = format;
    this.least = least;
    this.stacked = stacked;
    this.series = [];
    this.now = 0;
    this.plot = s('g');
    this.hairline = s('line', { class: 'hairline', y1: kTop, y2: kHeight - kBottom, visibility: 'hidden' });
    this.svg = s('svg', { viewBox: `0 0 ${width} ${kHeight}`, role: 'img', 'aria-label': title,
      onpointermove: (event) => this.point(event), onpointerleave: () => this.unpoint() }, this.plot, this.hairline);
    this.legend = h('ul', { class: 'legend' });
    this.element = h('figure', { class: 'card chart' }, h('figcaption', {}, title), this.svg, this.legend);
    this.at = null;
  }

  x(time) { return this.width - ((this.now - time) / kWindow) * (this.width - kLeft); }

  update(series, now) {
    this.now = now;
    this.series = this.stacked ? stack(series) : series;
    const max = roundUp(Math.max(this.least, highest(this.series)));
    const y = (value) => kHeight - kBottom - (value / max) * (kHeight - kBottom - kTop);
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      parts.push(s('line', { class: 'grid', x1: kLeft, x2: this.width, y1: y(share * max), y2: y(share * max) }),
        s('text', { x: kLeft - 8, y: y(share * max) + 4, class: 'scale' }, this.format(share * max).replace(/\.0+ /, ' ')));
    }
    for (const minutes of [4, 3, 2, 1]) {
      const x = this.x(now - minutes * 60000);
      parts.push(s('line', { class: 'grid', x1: x, x2: x, y1: kTop, y2: kHeight - kBottom }),
        s('text', { x, y: kHeight - 5, class: 'scale middle' }, `-${minutes} min`));
    }
    for (const { points, base, color } of this.series) {
      const line = pathOf(points, (time) => this.x(time), y);
      if (this.stacked && points.length > 0) {
        const back = base.map(([time, value]) => `L${this.x(time).toFixed(1)} ${y(value).toFixed(1)}`).reverse().join('');
        parts.push(s('path', { d: `${line}${back}Z`, fill: color, class: 'area' }));
      }
      parts.push(s('path', { d: line, stroke: color, class: 'line' }));
    }
    this.plot.replaceChildren(...parts);
    this.tell();
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.width;
    this.at = x < kLeft ? null : ((this.width - x) / (this.width - kLeft)) * kWindow;
    this.tell();
  }

  unpoint() {
    this.at = null;
    this.tell();
  }

  /** The legend has the figures at the pointer, or the last ones. */
  tell() {
    const time = this.at === null ? null : this.now - this.at;
    this.hairline.setAttribute('visibility', time === null ? 'hidden' : 'visible');
    if (time !== null) {
      this.hairline.setAttribute('x1', this.x(time));
      this.hairline.setAttribute('x2', this.x(time));
    }
    this.legend.replaceChildren(...this.series.map(({ name, color, points, own = points }) => {
      const found = time === null ? own.at(-1) : own.findLast?.(([at]) => at <= time);
      const dot = s('svg', { viewBox: '0 0 10 10', class: 'dot' }, s('circle', { cx: 5, cy: 5, r: 4, fill: color }));
      return h('li', {}, dot, h('span', {}, name), h('b', {}, found && found[1] !== null ? this.format(found[1]) : '–'));
    }));
  }
}

/** One upon the other; `base` is what is below, `own` what a series had. */
function stack(series) {
  const below = new Map();
  return series.map((one) => {
    const base = one.points.map(([time]) => [time, below.get(time) ?? 0]);
    const points = one.points.map(([time, value], i) => [time, base[i][1] + (value ?? 0)]);
    for (const [time, value] of points) below.set(time, value);
    return { ...one, own: one.points, base, points };
  });
}

const kStripWidth = 240;

/** Which layer somebody got when: a strip of colours. */
export function layerStrip(points, now, colorOf) {
  const x = (time) => kStripWidth - ((now - time) / kWindow) * kStripWidth;
  const parts = [];
  for (let i = 0; i < points.length; i += 1) {
    const [time, layer] = points[i];
    let end = i;
    while (end + 1 < points.length && points[end + 1][1] === layer && points[end + 1][0] - points[end][0] < 12000) end += 1;
    const until = points[end + 1]?.[0] ?? now;
    if (layer !== null && layer >= 0) {
      parts.push(s('rect', { x: x(time).toFixed(1), width: Math.max(1, x(until) - x(time)).toFixed(1), y: 0, height: 10, fill: colorOf(layer) }));
    }
    i = end;
  }
  return s('svg', { viewBox: `0 0 ${kStripWidth} 10`, preserveAspectRatio: 'none', class: 'strip', role: 'img', 'aria-label': 'layers over time' }, parts);
}
