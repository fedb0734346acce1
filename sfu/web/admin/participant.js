// SPDX-License-Identifier: LGPL-2.1-or-later

import { LineChart, layerStrip } from './charts.js';
import { bits, count, h, initialsOf, keyed, milliseconds, percent, qualityName, s, setFigure, setText, sourceName } from './dom.js';
import { lossOf, roundTrip } from './history.js';

const kLayerColors = ['var(--layer-0)', 'var(--layer-1)', 'var(--layer-2)', 'var(--layer-3)'];
const layerColor = (spatial) => kLayerColors[Math.min(spatial, 3)];

const size = ({ width, height }) => (width ? `${width}×${height}` : '');
const cell = (name) => h('td', { class: 'number', 'data-figure': name });

/** The cells that tracks and subscriptions have in common. */
class Figures {
  constructor() {
    this.bitrate = cell('bitrate');
    this.loss = cell('loss');
    this.jitter = cell('jitter');
    this.nacks = cell('nacks');
    this.keyframes = cell('keyframe_requests');
    this.cells = [this.bitrate, this.loss, this.jitter, this.nacks, this.keyframes];
  }

  update(stats, history, name) {
    const bitrate = history.rate(`${name}/bytes`);
    const loss = lossOf(history, name);
    setFigure(this.bitrate, bits(bitrate), bitrate);
    setFigure(this.loss, percent(loss), loss);
    this.loss.classList.toggle('bad', loss > 0.02);
    this.loss.title = `${count(stats.packets_lost)} packets lost so far`;
    setFigure(this.jitter, milliseconds(stats.jitter), stats.jitter);
    setFigure(this.nacks, count(stats.nacks), stats.nacks);
    setFigure(this.keyframes, count(stats.keyframe_requests), stats.keyframe_requests);
  }
}

const columns = () => h('colgroup', {}, ['first', 'wide', 'narrow', 'narrow', 'narrow', 'narrow', 'last'].map((name) => h('col', { class: name })));

const heads = (first, last) => h('thead', {}, h('tr', {}, h('th', {}, first), ['Bitrate', 'Loss', 'Jitter'].map((text) => h('th', { class: 'number' }, text)),
  h('th', { class: 'number', title: 'packets that were asked for again' }, 'NACKs'),
  h('th', { class: 'number', title: 'keyframes that were asked for' }, 'PLIs'), h('th', {}, last)));

const rateBar = (color) => {
  const fill = s('rect', { height: 6, rx: 3, fill: color });
  return { fill, element: s('svg', { viewBox: '0 0 60 6', class: 'bar', 'aria-hidden': 'true' }, s('rect', { width: 60, height: 6, rx: 3, class: 'trough' }), fill) };
};

class LayerLine {
  constructor({ spatial }) {
    this.bar = rateBar(layerColor(spatial));
    this.text = h('span');
    this.element = h('div', { class: 'layer' }, this.bar.element, this.text);
  }

  update(layer) {
    this.bar.fill.setAttribute('width', layer.highest > 0 ? Math.max(layer.bitrate > 0 ? 4 : 0, (60 * layer.bitrate) / layer.highest) : 0);
    this.element.classList.toggle('off', !layer.alive);
    setText(this.text, [layer.rid || (layer.many ? `S${layer.spatial}` : ''), size(layer), layer.alive ? bits(layer.bitrate) : 'off'].filter(Boolean).join(' · '));
  }
}

class TrackRow {
  constructor({ sid, source, kind, context }) {
    this.history = context.history;
    this.figures = new Figures();
    this.what = h('span');
    this.detail = h('span', { class: 'quiet' });
    this.layers = h('td', { class: 'layers' });
    this.element = h('tr', { 'data-track': sid, 'data-source': sourceName(source, kind) },
      h('td', {}, h('div', { class: 'what' }, this.what, this.detail)), this.figures.cells, this.layers);
  }

  update(track) {
    setText(this.what, sourceName(track.source, track.kind));
    setText(this.detail, [track.mime_type.replace(/^\w+\//, ''), track.muted ? 'muted' : '', track.encrypted ? 'encrypted' : '',
      `${count(track.subscribers)} receive`].filter(Boolean).join(', '));
    this.figures.update(track, this.history, track.sid);
    const layers = track.layers ?? [];
    const highest = Math.max(0, ...layers.map(({ bitrate }) => bitrate));
    keyed(this.layers, layers.map((layer) => ({ ...layer, highest, many: layers.length > 1 })).reverse(), ({ stream, spatial }) => `${stream}/${spatial}`, (layer) => new LayerLine(layer));
  }
}

class SubscriptionRow {
  constructor({ track, identity, publisher, source, kind, context }) {
    this.history = context.history;
    this.name = `${identity}/${track}`;
    this.figures = new Figures();
    this.what = h('span');
    this.detail = h('span', { class: 'quiet' });
    this.layer = h('span');
    this.reason = h('span', { class: 'quiet' });
    this.strip = h('div');
    this.element = h('tr', { 'data-track': track, 'data-from': publisher, 'data-source': sourceName(source, kind) },
      h('td', {}, h('div', { class: 'what' }, this.what, this.detail)), this.figures.cells,
      h('td', { class: 'layers' }, h('div', { class: 'what' }, this.layer, this.reason), this.strip));
  }

  update(subscription) {
    const { context, layer } = subscription;
    setText(this.what, `${subscription.publisher} · ${sourceName(subscription.source, subscription.kind)}`);
    setText(this.detail, subscription.codec);
    this.figures.update(subscription, this.history, this.name);
    const video = subscription.kind === 'VIDEO';
    const published = context.tracks.get(subscription.track)?.layers ?? [];
    const rid = published.find(({ spatial }) => spatial === layer.spatial)?.rid;
    const asked = layer.requested_width ? `asked for ${layer.requested_width}×${layer.requested_height}` : `asked for ${(layer.requested_quality ?? '').toLowerCase()}`;
    setText(this.layer, video && layer.spatial >= 0 ? [rid || `S${layer.spatial}`, size(layer), `T${layer.temporal}`].filter(Boolean).join(' · ') : '');
    setText(this.reason, video ? `${layer.reason}, ${asked}` : layer.reason === 'only layer' ? '' : layer.reason);
    this.element.dataset.reason = layer.reason;
    this.element.dataset.lost = subscription.packets_lost;
    if (video) this.strip.replaceChildren(layerStrip(this.history.points(`${this.name}/layer`), context.time, layerColor));
  }
}

/** A participant: who, how it is connected, what it publishes and receives. */
export class ParticipantCard {
  constructor({ identity, name, sid, context }) {
    this.history = context.history;
    this.identity = identity;
    const avatar = h('span', { class: 'avatar', 'aria-hidden': 'true' }, initialsOf(name || identity));
    avatar.style.setProperty('--hue', context.palette.hue(identity));
    this.quality = h('span', { class: 'badge' });
    this.client = h('span', { class: 'quiet' });
    this.way = h('b', { 'data-figure': 'way' });
    this.time = h('b', { 'data-figure': 'round_trip' });
    this.up = h('b', { 'data-figure': 'loss_up' });
    this.down = h('b', { 'data-figure': 'loss_down' });
    this.charts = h('div', { class: 'track-charts' });
    this.tracks = h('tbody');
    this.subscriptions = h('tbody');
    this.published = h('div', { class: 'scroll' }, h('table', {}, columns(), heads('Publishes', 'Layers'), this.tracks));
    this.received = h('div', { class: 'scroll' }, h('table', {}, columns(), heads('Receives', 'Layer, and why'), this.subscriptions));
    const fact = (label, value) => h('div', {}, h('dt', {}, label), h('dd', {}, value));
    this.element = h('article', { class: 'card participant', 'data-identity': identity },
      h('div', { class: 'row' }, avatar, h('div', { class: 'who' }, h('h3', {}, name || identity), this.client), this.quality,
        h('dl', { class: 'facts' }, fact('way', this.way), fact('round trip', this.time), fact('loss from it', this.up), fact('loss to it', this.down))),
      this.published, this.charts, this.received);
    this.element.title = sid;
  }

  update(participant) {
    const { context, client, transports, tracks, subscriptions } = participant;
    setText(this.client, [participant.identity, [client.sdk.toLowerCase(), client.version].filter(Boolean).join(' '), [client.browser, client.browser_version].filter(Boolean).join(' '), client.os,
      participant.state === 'ACTIVE' ? '' : participant.state.toLowerCase(), participant.hidden ? 'hidden' : ''].filter(Boolean).join(' · '));
    setText(this.quality, qualityName(participant.connection_quality));
    this.quality.className = `badge ${participant.connection_quality.toLowerCase()}`;
    const ways = new Set(transports.filter(({ protocol }) => protocol).map(({ protocol, candidate_type: type }) => `${protocol.toUpperCase()} ${type}`));
    setText(this.way, [...ways].join(', ') || '–');
    const time = roundTrip(participant);
    setFigure(this.time, milliseconds(time), time);
    for (const [element, way] of [[this.up, 'up'], [this.down, 'down']]) {
      const loss = lossOf(this.history, `${this.identity}/${way}`);
      setFigure(element, percent(loss), loss);
      element.classList.toggle('bad', loss > 0.02);
    }
    this.published.hidden = tracks.length === 0;
    this.received.hidden = subscriptions.length === 0;
    const withContext = (entry) => ({ ...entry, identity: this.identity, context });
    keyed(this.tracks, tracks.map(withContext), ({ sid }) => sid, (track) => new TrackRow(track));
    keyed(this.subscriptions, subscriptions.map(withContext).sort((a, b) => a.publisher.localeCompare(b.publisher)), ({ track }) => track, (subscription) => new SubscriptionRow(subscription));
    keyed(this.charts, tracks.filter(({ layers }) => layers?.length > 1).map(withContext), ({ sid }) => sid, (track) => new LayerChart(track));
  }
}

/** The layers of a published track over time. */
class LayerChart {
  constructor({ source, kind, context }) {
    this.history = context.history;
    this.chart = new LineChart(`Layers of the ${sourceName(source, kind)}`, bits, { least: 100_000, stacked: true, width: 640 });
    this.element = this.chart.element;
    this.element.classList.remove('card');
  }

  update({ sid, layers, context }) {
    this.chart.update(layers.map((layer) => ({
      name: [layer.rid || `S${layer.spatial}`, size(layer)].filter(Boolean).join(' '),
      color: layerColor(layer.spatial),
      points: this.history.points(`${sid}/${layer.stream}/${layer.spatial}`),
    })), context.time);
  }
}
