// SPDX-License-Identifier: LGPL-2.1-or-later

import { Refused } from './api.js';
import { LineChart } from './charts.js';
import { Palette, bits, count, h, keyed, lasting, milliseconds, percent, setFigure, setText, sourceName } from './dom.js';
import { History, lossOf, recordRoom, roundTrip } from './history.js';
import { ParticipantCard } from './participant.js';
import { drawPipeline } from './pipeline.js';

const kPipelineInterval = 3000;

const tile = (label) => {
  const value = h('b');
  const note = h('span', { class: 'quiet' });
  return { value, note, element: h('div', { class: 'card tile' }, h('span', { class: 'label' }, label), value, note) };
};

/** One room: totals, charts, everybody in it, and its pipeline. */
export class RoomView {
  constructor(api, name) {
    this.api = api;
    this.name = name;
    this.history = new History();
    this.names = new Map();   // participant sid: identity
    this.tracks = new Map();  // track sid: { publisher, source }
    this.pipelineAt = 0;
    this.palette = new Palette();

    this.note = h('span', { class: 'quiet' });
    this.gone = h('p', { class: 'nothing', hidden: true });
    this.tiles = Object.fromEntries([['people', 'Participants'], ['tracks', 'Tracks'], ['received', 'Received'], ['sent', 'Sent'], ['loss', 'Worst loss'], ['time', 'Longest round trip']]
      .map(([key, label]) => [key, tile(label)]));
    this.traffic = new LineChart('Bitrate', bits, { least: 100_000 });
    this.loss = new LineChart('Loss, the worse direction', percent, { least: 0.01 });
    this.time = new LineChart('Round trip', milliseconds, { least: 10 });
    this.people = h('div', { class: 'people' });
    this.picture = h('div', { class: 'card picture' });
    this.content = h('div', { class: 'content' },
      h('div', { class: 'tiles' }, Object.values(this.tiles).map(({ element }) => element)),
      h('div', { class: 'charts' }, this.traffic.element, this.loss.element, this.time.element),
      h('h2', { class: 'section' }, 'Participants'), this.people,
      h('div', { class: 'row section' }, h('h2', {}, 'Pipeline'), h('button', { class: 'plain', onclick: () => this.saveDot() }, 'Save as .dot')),
      this.picture);
    this.element = h('section', {},
      h('div', { class: 'row heading' }, api.home ? null : h('a', { class: 'back', href: '#', 'aria-label': 'All rooms' }, '‹'), h('h1', {}, name), this.note),
      this.gone, this.content);
  }

  async refresh() {
    const told = await this.api.room(this.name);
    recordRoom(this.history, told);
    this.gone.hidden = true;
    this.content.hidden = false;
    for (const identity of told.participants.map((participant) => participant.identity).sort()) this.palette.hue(identity);
    this.showTotals(told);
    this.showCharts(told);
    this.remember(told.participants);
    const context = { history: this.history, time: told.time, tracks: this.tracks, palette: this.palette };
    keyed(this.people, told.participants.map((participant) => ({ ...participant, context })).sort((a, b) => a.identity.localeCompare(b.identity)),
      ({ sid }) => sid, (participant) => new ParticipantCard(participant));
    if (told.time - this.pipelineAt >= kPipelineInterval) {
      this.pipelineAt = told.time;
      this.showPipeline(await this.api.pipeline(this.name));
    }
    return told;
  }

  fail(error) {
    if (!(error instanceof Refused)) return;
    this.content.hidden = true;
    this.gone.hidden = false;
    setText(this.gone, error.status === 404 ? `There is no room "${this.name}" now. It appears with its first participant.` : `The server says: ${error.message}`);
  }

  showTotals({ time, room, participants }) {
    const { tiles, history } = this;
    setText(this.note, [room.sid, `open for ${lasting(Math.max(0, (time - room.created_at) / 1000))}`, room.active_recording ? 'recorded' : ''].filter(Boolean).join(' · '));
    setFigure(tiles.people.value, count(room.num_participants), room.num_participants);
    setText(tiles.people.note, `${count(room.num_publishers)} publish`);
    setFigure(tiles.tracks.value, count(room.num_tracks), room.num_tracks);
    setText(tiles.tracks.note, `${count(room.num_subscriptions)} subscriptions`);
    setFigure(tiles.received.value, bits(history.mean('received')), history.mean('received'));
    setFigure(tiles.sent.value, bits(history.mean('sent')), history.mean('sent'));
    const losses = participants.flatMap(({ identity }) => ['up', 'down'].map((way) => ({ identity, way, loss: lossOf(history, `${identity}/${way}`) })));
    const worst = losses.reduce((a, b) => (b.loss > a.loss ? b : a), { loss: 0 });
    setFigure(tiles.loss.value, percent(worst.loss), worst.loss);
    setText(tiles.loss.note, worst.loss > 0 ? `${worst.way === 'up' ? 'from' : 'to'} ${worst.identity}` : 'of 10 s');
    const far = participants.reduce((a, b) => ((roundTrip(b) ?? -1) > (roundTrip(a) ?? -1) ? b : a), { transports: [] });
    setFigure(tiles.time.value, milliseconds(roundTrip(far)), roundTrip(far));
    setText(tiles.time.note, far.identity ? `to ${far.identity}` : '');
  }

  showCharts({ time, participants }) {
    const { history } = this;
    this.traffic.update([
      { name: 'received', color: 'var(--received)', points: history.points('received') },
      { name: 'sent', color: 'var(--sent)', points: history.points('sent') }], time);
    const people = participants.map(({ identity }) => identity).sort().slice(0, 12);
    const color = (identity) => this.palette.color(identity);
    const worse = (identity) => {
      const down = new Map(history.points(`${identity}/down/loss`));
      return history.points(`${identity}/up/loss`).map(([at, loss]) => [at, Math.max(loss, down.get(at) ?? 0)]);
    };
    this.loss.update(people.map((identity) => ({ name: identity, color: color(identity), points: worse(identity) })), time);
    this.time.update(people.map((identity) => ({ name: identity, color: color(identity), points: history.points(`${identity}/round_trip`) })), time);
  }

  remember(participants) {
    for (const { sid, identity, tracks } of participants) {
      this.names.set(sid, identity);
      for (const track of tracks) this.tracks.set(track.sid, { publisher: identity, source: sourceName(track.source, track.kind), layers: track.layers ?? [] });
    }
  }

  showPipeline(graph) {
    const describe = (transport) => {
      const found = /^(PA_\w+)-(publisher|subscriber)$/.exec(transport);
      const identity = found && this.names.get(found[1]);
      return { title: identity ?? transport, note: found && graph.nodes.some(({ name }) => name === `${found[1]}-subscriber`) ? found[2] : 'transport' };
    };
    const trackName = (sid, long) => {
      const known = this.tracks.get(sid);
      if (!known) return sid;
      return long ? `${known.publisher} · ${known.source}` : known.source;
    };
    this.picture.replaceChildren(drawPipeline(graph, describe, trackName, (track) => this.palette.color(track)));
  }

  async saveDot() {
    const url = URL.createObjectURL(new Blob([await this.api.dot(this.name)], { type: 'text/vnd.graphviz' }));
    h('a', { href: url, download: `${this.name}.dot` }).click();
    URL.revokeObjectURL(url);
  }
}
