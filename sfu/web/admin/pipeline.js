// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A room's pipeline as a picture: who sends on the left, the router with its tracks in the middle, who receives
// on the right. A connection that does both is there twice.

import { h, s } from './dom.js';

const kWidth = 980;
const kBox = 200;
const kRouter = 240;
const kRow = 22;
const kHead = 30;
const kGap = 16;

const clip = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
const trackOf = (name) => name.split('/')[0];

/** Boxes one below the other, each with a row for every pad; gives the place of each pad. */
function column(entries, left) {
  let top = kGap;
  const boxes = [];
  const places = new Map();
  for (const { name, title, note, pads } of entries) {
    boxes.push({ left, top, width: kBox, height: kHead + pads.length * kRow + 8, title, note });
    pads.forEach(({ pad, label }, i) => places.set(`${name}.${pad}`, { y: top + kHead + i * kRow + kRow / 2, label }));
    top += kHead + pads.length * kRow + 8 + kGap;
  }
  return { boxes, places, bottom: top };
}

function box({ left, top, width, height, title, note }, kind) {
  return s('g', { class: kind },
    s('rect', { x: left, y: top, width, height, rx: 10 }),
    s('text', { x: left + 12, y: top + 20, class: 'title' }, clip(title, 22)),
    note ? s('text', { x: left + width - 12, y: top + 20, class: 'note' }, note) : null);
}

const curve = (x1, y1, x2, y2) => `M${x1} ${y1}C${x1 + 70} ${y1} ${x2 - 70} ${y2} ${x2} ${y2}`;

/**
 * @param {{nodes, edges}} graph as the server tells it
 * @param {function(string): {title, note}} describe what to call a transport
 * @param {function(string, boolean?): string} trackName what to call a track, in short or with its publisher
 */
export function drawPipeline(graph, describe, trackName, colorOf) {
  // A large room has several, which are one to who looks at it.
  const routers = new Set(graph.nodes.filter(({ factory }) => factory === 'sfu-router').map(({ name }) => name));
  const into = graph.edges.filter(({ to }) => routers.has(to));
  const out = graph.edges.filter(({ from }) => routers.has(from));
  if (into.length + out.length === 0) return h('p', { class: 'nothing' }, 'Nothing flows: no track is published.');

  const names = (edges, end) => [...new Set(edges.map((edge) => edge[end]))].sort((a, b) => describe(a).title.localeCompare(describe(b).title));
  const rows = (edges, name, end) => edges.filter((edge) => edge[end] === name)
    .sort((a, b) => trackName(trackOf(a.track), true).localeCompare(trackName(trackOf(b.track), true)))
    .map((edge) => ({ pad: edge[`${end}_pad`], label: [trackName(trackOf(edge.track)), edge.encoding].filter(Boolean).join(' ') }));
  const left = column(names(into, 'from').map((name) => ({ name, ...describe(name), pads: rows(into, name, 'from') })), 10);
  const right = column(names(out, 'to').map((name) => ({ name, ...describe(name), pads: rows(out, name, 'to') })), kWidth - kBox - 10);

  const longName = (track) => trackName(trackOf(track), true);
  const tracks = [...new Set(graph.edges.map(({ track }) => track))].sort((a, b) => longName(a).localeCompare(longName(b)));
  const middle = (kWidth - kRouter) / 2;
  const height = Math.max(left.bottom, right.bottom, kHead + tracks.length * (kRow + 6) + 3 * kGap);
  const routerHeight = kHead + tracks.length * (kRow + 6) + 10;
  const routerTop = Math.max(kGap, (height - routerHeight) / 2);
  const yOf = new Map(tracks.map((track, i) => [track, routerTop + kHead + i * (kRow + 6) + kRow / 2]));

  const lines = [
    ...into.map((edge) => s('path', { class: 'edge', stroke: colorOf(trackOf(edge.track)), d: curve(10 + kBox, left.places.get(`${edge.from}.${edge.from_pad}`).y, middle, yOf.get(edge.track)) },
      s('title', {}, `${edge.from}.${edge.from_pad} → ${edge.to}.${edge.to_pad}`))),
    ...out.map((edge) => s('path', { class: 'edge', stroke: colorOf(trackOf(edge.track)), d: curve(middle + kRouter, yOf.get(edge.track), kWidth - kBox - 10, right.places.get(`${edge.to}.${edge.to_pad}`).y) },
      s('title', {}, `${edge.from}.${edge.from_pad} → ${edge.to}.${edge.to_pad}`))),
  ];
  const labels = [
    ...[...left.places].map(([pad, { y, label }]) => s('g', {}, s('text', { x: 22, y: y + 4, class: 'pad' }, clip(pad.split('.').at(-1), 8)), s('text', { x: kBox - 2, y: y + 4, class: 'pad end' }, clip(label, 18)))),
    ...[...right.places].map(([pad, { y, label }]) => s('g', {}, s('text', { x: kWidth - kBox + 2, y: y + 4, class: 'pad' }, clip(label, 18)), s('text', { x: kWidth - 22, y: y + 4, class: 'pad end' }, clip(pad.split('.').at(-1), 8)))),
  ];
  const inside = tracks.map((track) => s('g', {},
    s('rect', { x: middle + 12, y: yOf.get(track) - kRow / 2, width: kRouter - 24, height: kRow, rx: 6, class: 'track', stroke: colorOf(trackOf(track)) }),
    s('text', { x: middle + kRouter / 2, y: yOf.get(track) + 4, class: 'pad center' }, clip(longName(track), 30))));
  return s('svg', { viewBox: `0 0 ${kWidth} ${height + kGap}`, class: 'pipeline', role: 'img', 'aria-label': 'the pipeline of the room' },
    lines,
    left.boxes.map((one) => box(one, 'transport')),
    right.boxes.map((one) => box(one, 'transport')),
    box({ left: middle, top: routerTop, width: kRouter, height: routerHeight, title: 'sfu-router' }, 'router'),
    inside, labels);
}
