// SPDX-License-Identifier: LGPL-2.1-or-later

import { Track } from 'livekit-client';

import { h } from './dom.js';
import { Tile } from './tile.js';

const kGap = 12;
const kAspect = 16 / 9;

/** The column count for which `count` 16:9 tiles become largest in a box of this size. */
export function bestColumns(count, width, height) {
  let best = { columns: 1, tileWidth: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const wide = (width - kGap * (columns - 1)) / columns;
    const high = ((height - kGap * (rows - 1)) / rows) * kAspect;
    const tileWidth = Math.floor(Math.min(wide, high));
    if (tileWidth > best.tileWidth) best = { columns, tileWidth };
  }
  return best;
}

/** All tiles of a call: an even grid, or one large tile with the others beside it. */
export class Grid {
  constructor(room) {
    this.room = room;
    this.tiles = new Map();
    this.pinned = null;
    this.main = h('div', { class: 'main' });
    this.strip = h('div', { class: 'strip' });
    this.element = h('section', { class: 'grid', 'aria-label': 'Participants' }, this.main, this.strip);
    this.resize = new ResizeObserver(() => this.layout());
    this.resize.observe(this.element);
  }

  close() {
    this.resize.disconnect();
    this.tiles.forEach((tile) => tile.close());
  }

  /** Makes the tiles match who is in the room and what they share. */
  refresh() {
    const wanted = new Map();
    for (const participant of [...this.room.remoteParticipants.values(), this.room.localParticipant]) {
      wanted.set(`${participant.identity}/camera`, [participant, Track.Source.Camera]);
      if (participant.getTrackPublication(Track.Source.ScreenShare)) {
        wanted.set(`${participant.identity}/screen`, [participant, Track.Source.ScreenShare]);
      }
    }
    for (const [key, tile] of this.tiles) {
      // Who comes back under the same identity is a new participant object.
      if (wanted.get(key)?.[0] === tile.participant) continue;
      tile.close();
      this.tiles.delete(key);
      if (this.pinned === key) this.pinned = null;
    }
    for (const [key, [participant, source]] of wanted) {
      if (this.tiles.has(key)) continue;
      this.tiles.set(key, new Tile(participant, source, () => this.pin(key)));
      if (source === Track.Source.ScreenShare) this.pinned = key;
    }
    this.tiles.forEach((tile) => tile.show());
    this.layout();
  }

  pin(key) {
    this.pinned = this.pinned === key ? null : key;
    this.layout();
  }

  showSpeakers(speakers) {
    const identities = new Set(speakers.map((speaker) => speaker.identity));
    this.tiles.forEach((tile) => tile.showSpeaking(identities.has(tile.participant.identity)));
  }

  showQuality(participant, quality) {
    this.tiles.forEach((tile) => {
      if (tile.participant === participant) tile.showQuality(quality);
    });
  }

  layout() {
    const focused = this.pinned && this.tiles.has(this.pinned);
    this.element.classList.toggle('focused', Boolean(focused));
    const place = (tile, parent) => {
      if (tile.element.parentNode !== parent) parent.append(tile.element);
    };
    for (const [key, tile] of this.tiles) {
      tile.element.setAttribute('aria-pressed', key === this.pinned);
      place(tile, focused && key !== this.pinned ? this.strip : this.main);
    }
    const box = this.main.getBoundingClientRect();
    const { tileWidth } = bestColumns(this.main.childElementCount, box.width, box.height);
    this.main.style.setProperty('--tile-width', `${tileWidth}px`);
  }
}
