// SPDX-License-Identifier: LGPL-2.1-or-later

import { LocalParticipant, Track } from 'livekit-client';

import { h, hueOf, initialsOf } from './dom.js';
import { icon } from './icons.js';

const kBars = { excellent: 3, good: 2, poor: 1, lost: 0 };
const kQualityWords = { excellent: 'very good', good: 'good', poor: 'poor', lost: 'lost' };

/** One picture in the grid: a participant's camera (or initials) or their shared screen. */
export class Tile {
  constructor(participant, source, onPin) {
    this.participant = participant;
    this.source = source;
    this.track = null;
    this.isScreen = source === Track.Source.ScreenShare;
    this.isLocal = participant instanceof LocalParticipant;
    this.video = h('video', { playsinline: true, autoplay: true, class: this.isLocal && !this.isScreen ? 'mirrored' : '' });
    this.video.muted = true;
    this.avatar = h('div', { class: 'avatar' });
    this.muted = h('span', { class: 'muted', title: 'Muted' }, icon('microphoneOff'));
    this.name = h('span', { class: 'name' });
    this.quality = h('span', { class: 'quality', role: 'img' }, h('i'), h('i'), h('i'));
    this.element = h('button', {
      type: 'button', class: `tile ${this.isScreen ? 'screen' : ''}`, title: 'Enlarge', onclick: onPin,
      'data-identity': participant.identity, 'data-source': source,
    }, this.avatar, this.video, h('span', { class: 'label' }, this.muted, this.name), this.quality);
    this.showQuality(participant.connectionQuality);
  }

  /** Brings picture, name and signs up to date. */
  show() {
    const { participant } = this;
    const name = participant.name || participant.identity || 'You';
    const publication = participant.getTrackPublication(this.source);
    const track = publication?.isMuted ? null : publication?.track ?? null;
    if (track !== this.track) {
      this.track?.detach(this.video);
      this.track = track;
      track?.attach(this.video);
    }
    this.video.hidden = !track;
    this.avatar.textContent = initialsOf(name);
    this.avatar.style.setProperty('--hue', hueOf(name));
    const ownName = this.isLocal ? `${name} (you)` : name;
    this.name.textContent = this.isScreen ? `${name}'s screen` : ownName;
    this.muted.hidden = this.isScreen || participant.isMicrophoneEnabled;
    this.element.setAttribute('aria-label', `${this.name.textContent}${this.muted.hidden ? '' : ', muted'}`);
  }

  showSpeaking(on) {
    this.element.classList.toggle('speaking', on && !this.isScreen);
  }

  showQuality(quality) {
    const bars = kBars[quality];
    this.quality.hidden = bars === undefined || this.isScreen;
    this.quality.className = `quality ${quality}`;
    this.quality.setAttribute('aria-label', `Connection ${kQualityWords[quality] ?? 'unknown'}`);
    this.quality.title = this.quality.getAttribute('aria-label');
    [...this.quality.children].forEach((bar, i) => bar.classList.toggle('on', i < bars));
  }

  close() {
    this.track?.detach(this.video);
    this.element.remove();
  }
}
