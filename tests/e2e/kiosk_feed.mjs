// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A kiosk camera for the demonstration: kiosk_feed.mjs <ws url> <room> [key] [secret]
//
// GStreamer's test sources make a moving picture with a clock and a soft tick, @livekit/rtc-node
// publishes them. Ends with a signal, or with the room.

import { spawn } from 'node:child_process';

import {
  AudioFrame, AudioSource, dispose, LocalAudioTrack, LocalVideoTrack, Room, RoomEvent, TrackPublishOptions,
  TrackSource, VideoBufferType, VideoFrame, VideoSource,
} from '@livekit/rtc-node';

import { rawToken } from './lib/token.mjs';

const [url, roomName, key = 'devkey', secret = 'secret'] = process.argv.slice(2);
const kWidth = 960;
const kHeight = 540;
const kRate = 48000;

const kPicture = 'videotestsrc is-live=true pattern=ball background-color=0xff1b2a4a foreground-color=0xff7aa2ff ' +
  `! video/x-raw,width=${kWidth},height=${kHeight},framerate=30/1 ` +
  '! clockoverlay time-format=%H:%M:%S halignment=center valignment=center font-desc=Sans,36 shaded-background=false ' +
  '! videoconvert ! video/x-raw,format=I420 ! fdsink fd=1';
const kSound = `audiotestsrc is-live=true wave=ticks volume=0.15 samplesperbuffer=480 ! audio/x-raw,format=S16LE,rate=${kRate},channels=1 ! fdsink fd=1`;

const children = [];

/** Runs a pipeline that writes raw media to its standard output; `size` bytes are one frame. */
async function* framesOf(pipeline, size) {
  const child = spawn('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let parts = [];
  let length = 0;
  for await (const part of child.stdout) {
    parts.push(part);
    length += part.length;
    while (length >= size) {
      const all = Buffer.concat(parts);
      yield all.subarray(0, size);
      parts = [all.subarray(size)];
      length -= size;
    }
  }
}

async function film(source) {
  for await (const frame of framesOf(kPicture, (kWidth * kHeight * 3) / 2)) {
    source.captureFrame(new VideoFrame(new Uint8Array(frame), kWidth, kHeight, VideoBufferType.I420));
  }
}

async function speak(source) {
  for await (const bytes of framesOf(kSound, (kRate / 100) * 2)) {
    const samples = new Int16Array(new Uint8Array(bytes).buffer);
    await source.captureFrame(new AudioFrame(samples, kRate, 1, samples.length));
  }
}

async function publish(room, track, source) {
  const options = new TrackPublishOptions();
  options.source = source;
  await room.localParticipant.publishTrack(track, options);
}

const room = new Room();

async function end(status) {
  children.forEach((child) => child.kill('SIGTERM'));
  await room.disconnect().catch(() => {});
  await dispose();
  process.exit(status);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(0));
room.on(RoomEvent.Disconnected, () => end(1));

const token = rawToken({ sub: 'kiosk', name: 'Kiosk camera', video: { roomJoin: true, room: roomName } }, { key, secret });
await room.connect(url, token, { autoSubscribe: false, dynacast: true });
const camera = new VideoSource(kWidth, kHeight);
const microphone = new AudioSource(kRate, 1);
await publish(room, LocalVideoTrack.createVideoTrack('camera', camera), TrackSource.SOURCE_CAMERA);
await publish(room, LocalAudioTrack.createAudioTrack('microphone', microphone), TrackSource.SOURCE_MICROPHONE);
film(camera);
speak(microphone);
