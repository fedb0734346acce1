// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The page: signs in, then shows the rooms or, with #room=<name>, one of them, and asks again every second.

import { Refused } from './api.js';
import { h, lasting, setText } from './dom.js';
import { RoomView } from './room.js';
import { RoomsView } from './rooms.js';
import { askForToken, signInQuietly, signOut } from './sign_in.js';

const kInterval = 1000;

const top = document.getElementById('top');
const view = document.getElementById('view');

const server = h('span', { class: 'server' });
const trouble = h('span', { class: 'trouble', role: 'status', hidden: true });
const leave = h('button', { class: 'plain', onclick: signOut, hidden: true }, 'Sign out');
top.append(
  h('a', { class: 'brand', href: '#' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, ...[4, 12, 7, 3].map((size) => h('i', { class: `bar${size}` }))), 'livekit-sfu'),
  server, trouble, h('span', { class: 'grow' }), leave);

const chosenRoom = () => new URLSearchParams(location.hash.slice(1)).get('room');

function describe({ version, node_id: node, region, uptime }) {
  return [version, node, region, `up ${lasting(uptime)}`].filter(Boolean).join(' · ');
}

/** What is shown now, until the address says otherwise. */
class Screen {
  constructor(api) {
    this.api = api;
    this.timer = 0;
    this.turn = 0;
    addEventListener('hashchange', () => this.open());
    document.addEventListener('visibilitychange', () => document.hidden || this.poll());
    this.open();
  }

  open() {
    const room = chosenRoom() ?? this.api.home;
    this.shown = room ? new RoomView(this.api, room) : new RoomsView(this.api);
    document.title = room ? `${room} - livekit-sfu` : 'Rooms - livekit-sfu';
    view.replaceChildren(this.shown.element);
    scrollTo(0, 0);
    this.poll();
  }

  async poll() {
    clearTimeout(this.timer);
    this.turn += 1;
    const { turn, shown } = this;
    try {
      const info = await shown.refresh();
      trouble.hidden = true;
      if (info?.server) setText(server, describe(info.server));
    } catch (error) {
      trouble.hidden = false;
      setText(trouble, error instanceof Refused ? error.message : 'no answer');
      shown.fail?.(error);
    }
    // Another one may have begun meanwhile.
    if (turn === this.turn) this.timer = setTimeout(() => this.poll(), document.hidden ? 5 * kInterval : kInterval);
  }
}

function start(api) {
  leave.hidden = false;
  new Screen(api);  // eslint-disable-line no-new
}

signInQuietly().then((api) => (api ? start(api) : askForToken(view, start)))
  .catch(() => askForToken(view, start));
