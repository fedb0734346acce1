// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One who does things at random: publishes small tracks, mutes them, publishes them in another size, subscribes to
// those of others, changes what is known of itself, leaves and returns. rtc-node has no mute of its own: the server's
// API is asked to, and the SDK says so to the server in its turn.

import {
  AudioSource, LocalAudioTrack, LocalVideoTrack, Room, RoomEvent, TrackKind, TrackPublishOptions, TrackSource,
  VideoBufferType, VideoFrame, VideoSource,
} from '@livekit/rtc-node';
import { ParticipantInfo_State, RoomServiceClient } from 'livekit-server-sdk';

import { joinToken } from './token.mjs';
import { sleep, within } from './wait.mjs';

const kSizes = [[96, 54], [160, 90], [320, 180]];
const kFrameInterval = 500;  // ms
const kConnectLimit = 45_000;  // longer than any limit of the SDK
const kActionLimit = 3 * kConnectLimit + 15_000;
const kTries = 3;
// Each microphone of rtc-node encodes silence all the time, and before anything else that the machine does.
const kMicrophoneOfEach = 5;

function greyPicture([width, height], level) {
  return new VideoFrame(new Uint8Array((width * height * 3) / 2).fill(level % 256), width, height, VideoBufferType.I420);
}

/** What is known of one participant, in the words of the server's API. */
function described(participant) {
  return {
    sid: participant.sid,
    name: participant.name ?? '',
    metadata: participant.metadata ?? '',
    attributes: { ...participant.attributes },
    tracks: [...participant.trackPublications.values()].map(({ sid, name, kind, source, muted }) => (
      { sid, name, type: kind === TrackKind.KIND_VIDEO ? 1 : 0, source, muted })),
  };
}

export class CrowdMember {
  /** How often it did what; what went wrong. */
  counts = {};
  errors = [];

  /** @param place { url, http, room }; random as makeRandom() gives it. */
  constructor(place, identity, random, { key, secret }) {
    Object.assign(this, { place, identity, random });
    this.sources = Number(/\d+$/.exec(identity)) % kMicrophoneOfEach === 0 ? ['camera', 'microphone'] : ['camera'];
    this.service = new RoomServiceClient(place.http, key, secret);
  }

  async join() {
    for (let left = kTries; ; left -= 1) {
      try {
        return await this.joinOnce();
      } catch (error) {
        // rtc-node throws a room of its own away that its busy process was not ready for in time, or never says that
        // it is there.
        if (left === 1 || !(/handle not found/.test(error.message) || await this.isActive())) throw error;
        this.counts.lost = (this.counts.lost ?? 0) + 1;
      }
    }
  }

  /** Whether the server has it with a connection that carries media. */
  async isActive() {
    const seen = await this.service.getParticipant(this.place.room, this.identity).catch(() => null);
    return seen?.state === ParticipantInfo_State.ACTIVE;
  }

  async joinOnce() {
    this.room = new Room();
    this.tracks = {};  // by name: { sid, track, size }
    const { room } = this;
    room.on(RoomEvent.Disconnected, (reason) => {
      if (room === this.room) this.errors.push(`${this.identity} was disconnected: ${reason}`);
    });
    const grants = { canUpdateOwnMetadata: true };
    const token = joinToken(this.place.room, this.identity, grants);
    await within(kConnectLimit, room.connect(this.place.url, token, { autoSubscribe: false, dynacast: true }), 'connect');
  }

  async leave() {
    const { room } = this;
    this.room = null;
    for (const { stop } of Object.values(this.tracks)) stop();
    await room.disconnect();
  }

  async publish(name) {
    const options = new TrackPublishOptions();
    options.simulcast = false;
    let track;
    let stop = () => {};
    if (name === 'camera') {
      const size = this.random.pick(kSizes);
      const source = new VideoSource(...size);
      track = LocalVideoTrack.createVideoTrack(name, source);
      options.source = TrackSource.SOURCE_CAMERA;
      let level = 0;
      const timer = setInterval(() => source.captureFrame(greyPicture(size, level += 10)), kFrameInterval);
      stop = () => clearInterval(timer);
    } else {
      track = LocalAudioTrack.createAudioTrack(name, new AudioSource(48000, 1));
      options.source = TrackSource.SOURCE_MICROPHONE;
    }
    const { sid } = await this.room.localParticipant.publishTrack(track, options);
    this.tracks[name] = { sid, stop, muted: false };
  }

  async unpublish(name) {
    const { sid, stop } = this.tracks[name];
    stop();
    delete this.tracks[name];
    await this.room.localParticipant.unpublishTrack(sid);
  }

  async mute(name) {
    const track = this.tracks[name];
    track.muted = !track.muted;
    await this.service.mutePublishedTrack(this.place.room, this.identity, track.sid, track.muted);
  }

  async subscribe() {
    const others = [...this.room.remoteParticipants.values()].flatMap((one) => [...one.trackPublications.values()]);
    // Few at a time: two cores carry the whole crowd.
    for (const publication of others) if (publication.subscribed && this.random.percent(50)) publication.setSubscribed(false);
    for (let i = 0; others.length && i < 2; i += 1) this.random.pick(others).setSubscribed(true);
  }

  async changeProfile() {
    const local = this.room.localParticipant;
    const value = `${this.random.below(1e6)}`;
    switch (this.random.below(3)) {
      case 0: return local.updateMetadata(value);
      case 1: return local.updateName(`${this.identity} ${value}`);
      default: return local.setAttributes({ [this.random.pick(['mood', 'hand'])]: this.random.percent(20) ? '' : value });
    }
  }

  async return() {
    await this.leave();
    await sleep(this.random.below(2000));
    this.doing = 'join again';
    await this.join();
  }

  /** Does one thing. */
  async act() {
    const name = this.random.pick(this.sources);
    const [what, ...values] = this.random.percent(8) ? ['return']
      : this.random.percent(25) ? ['subscribe']
        : this.random.percent(20) ? ['changeProfile']
          : !this.tracks[name] ? ['publish', name]
            : this.random.percent(60) ? ['mute', name]
              : this.random.percent(50) ? ['resize', name]
                : ['unpublish', name];
    this.counts[what] = (this.counts[what] ?? 0) + 1;
    this.doing = [what, ...values].join(' ');
    const begin = new Date().toISOString();
    await within(kActionLimit, this[what](...values), what).catch((error) => {
      throw new Error(`${this.doing}, from ${begin}: ${error.message}`, { cause: error });
    });
  }

  /** Another size needs another source, which is another track. */
  async resize(name) {
    await this.unpublish(name);
    await this.publish(name);
  }

  async actUntil(isOver, pause) {
    while (!isOver()) {
      try {
        await this.act();
      } catch (error) {
        this.errors.push(`${this.identity}: ${error.stack}`);
      }
      await sleep(pause / 2 + this.random.below(pause));
    }
  }

  /** What it knows of everybody, itself too, by identity. */
  view() {
    const everybody = [this.room.localParticipant, ...this.room.remoteParticipants.values()];
    return Object.fromEntries(everybody.map((one) => [one.identity, described(one)]));
  }
}
