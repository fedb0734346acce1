// SPDX-License-Identifier: LGPL-2.1-or-later

import { sparkline } from './charts.js';
import { bits, count, h, keyed, lasting, setFigure, setText } from './dom.js';
import { History } from './history.js';

class RoomCard {
  constructor({ name }, history) {
    this.history = history;
    this.name = name;
    this.people = h('b');
    this.tracks = h('b');
    this.subscriptions = h('b');
    this.received = h('b');
    this.sent = h('b');
    this.age = h('span', { class: 'quiet' });
    this.chart = h('div', { class: 'spark' });
    this.element = h('a', { class: 'card room-card', href: `#${new URLSearchParams({ room: name })}`, 'data-room': name },
      h('div', { class: 'row' }, h('h2', {}, name), this.age),
      h('dl', { class: 'facts' },
        h('div', {}, h('dt', {}, 'participants'), h('dd', {}, this.people)),
        h('div', {}, h('dt', {}, 'tracks'), h('dd', {}, this.tracks)),
        h('div', {}, h('dt', {}, 'subscriptions'), h('dd', {}, this.subscriptions)),
        h('div', {}, h('dt', {}, 'received'), h('dd', {}, this.received)),
        h('div', {}, h('dt', {}, 'sent'), h('dd', {}, this.sent))),
      this.chart);
  }

  update(room) {
    setFigure(this.people, count(room.num_participants), room.num_participants);
    setFigure(this.tracks, count(room.num_tracks), room.num_tracks);
    setFigure(this.subscriptions, count(room.num_subscriptions), room.num_subscriptions);
    const of = (what) => this.history.mean(`${this.name}/${what}`);
    setFigure(this.received, bits(of('received')), of('received'));
    setFigure(this.sent, bits(of('sent')), of('sent'));
    setText(this.age, `open for ${lasting(Math.max(0, room.age))}`);
    this.chart.replaceChildren(sparkline([
      { points: this.history.points(`${this.name}/sent`), color: 'var(--sent)' },
      { points: this.history.points(`${this.name}/received`), color: 'var(--received)' },
    ], room.time));
  }
}

/** All rooms of the server. */
export class RoomsView {
  constructor(api) {
    this.api = api;
    this.history = new History();
    this.list = h('div', { class: 'rooms' });
    this.nothing = h('p', { class: 'nothing', hidden: true }, 'Nobody is here. A room appears with its first participant.');
    this.summary = h('p', { class: 'quiet' });
    this.element = h('section', {}, h('div', { class: 'row heading' }, h('h1', {}, 'Rooms'), this.summary), this.nothing, this.list);
  }

  async refresh() {
    const { time, server, rooms } = await this.api.rooms();
    for (const room of rooms) {
      this.history.add(`${room.name}/received`, time, room.bitrate_received);
      this.history.add(`${room.name}/sent`, time, room.bitrate_sent);
    }
    this.history.expire(time);
    const sum = (of) => rooms.reduce((total, room) => total + of(room), 0);
    setText(this.summary, `${count(rooms.length)} rooms, ${count(sum((room) => room.num_participants))} participants, ` +
      `${bits(sum((room) => room.bitrate_received))} received, ${bits(sum((room) => room.bitrate_sent))} sent`);
    this.nothing.hidden = rooms.length > 0;
    keyed(this.list, rooms.map((room) => ({ ...room, time, age: (time - room.created_at) / 1000 })), (room) => room.sid,
      (room) => new RoomCard(room, this.history));
    return { server };
  }
}
