// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A participant without a browser: @livekit/rtc-node, which is the Rust SDK and libwebrtc. It publishes
// a picture and a tone that can be recognised at the other end, and recognises them.

import {
  AudioFrame, AudioSource, AudioStream, LocalAudioTrack, LocalVideoTrack, Room, RoomEvent, TrackKind,
  TrackPublishOptions, TrackSource, VideoBufferType, VideoFrame, VideoSource, VideoStream,
} from '@livekit/rtc-node';

import { sleep } from './wait.mjs';

export const kWidth = 640;
export const kHeight = 360;
const kBar = 32;
const kRate = 48000;

/** A grey picture with a white bar that moves one bar width a frame. */
function barPicture(count) {
  const data = new Uint8Array((kWidth * kHeight * 3) / 2);
  data.fill(60, 0, kWidth * kHeight);
  data.fill(128, kWidth * kHeight);
  const left = (count * kBar) % kWidth;
  for (let y = 0; y < kHeight; y += 1) data.fill(235, y * kWidth + left, y * kWidth + left + kBar);
  return new VideoFrame(data, kWidth, kHeight, VideoBufferType.I420);
}

/** Where the bar is, 0 to 1, or null when the picture has none. */
function findBar(frame) {
  const picture = frame.type === VideoBufferType.I420 ? frame : frame.convert(VideoBufferType.I420);
  const row = Math.floor(picture.height / 2) * picture.width;
  let sum = 0;
  let count = 0;
  for (let x = 0; x < picture.width; x += 1) {
    if (picture.data[row + x] > 180) {
      sum += x;
      count += 1;
    }
  }
  const share = count / picture.width;
  return share > 0.02 && share < 0.2 ? sum / count / picture.width : null;
}

function toneFrame(frequency, at) {
  const frame = AudioFrame.create(kRate, 1, kRate / 100);
  for (let i = 0; i < frame.data.length; i += 1) {
    frame.data[i] = 12000 * Math.sin((2 * Math.PI * frequency * (at + i)) / kRate);
  }
  return frame;
}

/** How loud a frame is, and the frequency that its zero crossings tell. */
function measure(samples, rate) {
  let crossings = 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) {
    sum += samples[i] * samples[i];
    if (i > 0 && samples[i - 1] < 0 && samples[i] >= 0) crossings += 1;
  }
  return { level: Math.sqrt(sum / samples.length) / 32768, frequency: (crossings * rate) / samples.length };
}

export class NativeParticipant {
  constructor() {
    this.room = new Room();
    this.running = true;
    this.seen = new Map();   // identity -> { frames, width, height, bars }
    this.heard = new Map();  // identity -> { level, frequency, frames }
    this.data = [];
    this.room.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
      if (track.kind === TrackKind.KIND_VIDEO) this.watch(track, participant.identity);
      else this.listen(track, participant.identity);
    });
    this.room.on(RoomEvent.DataReceived, (payload, participant, kind, topic) =>
      this.data.push({ text: new TextDecoder().decode(payload), from: participant?.identity, topic }));
  }

  async join(url, token) {
    await this.room.connect(url, token, { autoSubscribe: true, dynacast: true });
  }

  async publish({ frequency = 440 } = {}) {
    await Promise.all([this.publishVideo(), this.publishAudio(frequency)]);
  }

  async publishVideo() {
    this.camera = new VideoSource(kWidth, kHeight);
    const track = LocalVideoTrack.createVideoTrack('camera', this.camera);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_CAMERA;
    this.videoPublication = await this.room.localParticipant.publishTrack(track, options);
    this.filming = this.film();
  }

  async film() {
    for (let count = 0; this.running; count += 1) {
      this.camera.captureFrame(barPicture(count));
      await sleep(33);
    }
  }

  async publishAudio(frequency) {
    this.microphone = new AudioSource(kRate, 1);
    const track = LocalAudioTrack.createAudioTrack('microphone', this.microphone);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    this.audioPublication = await this.room.localParticipant.publishTrack(track, options);
    this.speaking = this.speak(frequency);
  }

  async speak(frequency) {
    for (let at = 0; this.running; at += kRate / 100) await this.microphone.captureFrame(toneFrame(frequency, at));
  }

  async watch(track, identity) {
    const seen = { frames: 0, width: 0, height: 0, bars: new Set() };
    this.seen.set(identity, seen);
    for await (const { frame } of new VideoStream(track)) {
      seen.frames += 1;
      seen.width = frame.width;
      seen.height = frame.height;
      const bar = findBar(frame);
      if (bar !== null) seen.bars.add(Math.floor(bar * 20));
    }
  }

  async listen(track, identity) {
    const heard = { level: 0, loudest: 0, frequency: 0, frames: 0 };
    this.heard.set(identity, heard);
    let window = [];
    for await (const frame of new AudioStream(track, kRate, 1)) {
      heard.frames += 1;
      window.push(...frame.data);
      if (window.length < kRate / 5) continue;
      Object.assign(heard, measure(window, kRate));
      heard.loudest = Math.max(heard.loudest, heard.level);
      window = [];
    }
  }

  async leave() {
    this.running = false;
    await Promise.allSettled([this.filming, this.speaking]);
    await this.room.disconnect();
  }
}
