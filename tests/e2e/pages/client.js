// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One participant, driven by a test through window.lk. The client library is the unmodified one; which
// version, the site decides. Everything given back is plain data.

import * as client from 'livekit-client';

import { AudioProbe } from './audio_probe.js';

const { Room, RoomEvent, Track, VideoQuality } = client;

let room = null;
const frames = new Map();   // track sid -> { count, first, times }
const probes = new Map();   // track sid -> AudioProbe
const pictures = new Map(); // identity -> when its camera's pictures were drawn, of every track it had
const events = [];          // what happened, in order
const received = { data: [], text: [] };

function watchVideo(track, identity) {
  const element = track.attach();
  element.muted = true;
  document.body.append(element);
  const seen = { count: 0, first: 0, times: [], element };
  frames.set(track.sid, seen);
  if (!pictures.has(identity)) pictures.set(identity, []);
  const next = () => element.requestVideoFrameCallback((now) => {
    seen.count += 1;
    seen.first ||= now;
    seen.times.push(now);
    if (track.source === Track.Source.Camera) pictures.get(identity).push(now);
    next();
  });
  next();
}

function watchAudio(track) {
  document.body.append(track.attach());
  probes.set(track.sid, new AudioProbe(track.mediaStreamTrack));
}

function listen() {
  const note = (name) => (...values) => events.push({ name, detail: values.map(describe).filter(Boolean).join(' ') });
  for (const name of ['ParticipantConnected', 'ParticipantDisconnected', 'TrackMuted', 'TrackUnmuted', 'TrackPublished',
    'TrackUnpublished', 'Disconnected', 'SignalReconnecting', 'Reconnecting', 'Reconnected', 'TrackSubscriptionFailed', 'EncryptionError',
    'ParticipantEncryptionStatusChanged']) {
    room.on(RoomEvent[name], note(name));
  }
  room.on(RoomEvent.TrackSubscribed, (track, publication, participant) =>
    (track.kind === 'video' ? watchVideo(track, participant.identity) : watchAudio(track)));
  room.on(RoomEvent.TrackUnsubscribed, (track) => {
    track.detach().forEach((element) => element.remove());
    probes.get(track.sid)?.close();
  });
  room.on(RoomEvent.DataReceived, (payload, participant, kind, topic) =>
    received.data.push({ text: new TextDecoder().decode(payload), from: participant?.identity, kind, topic }));
}

function describe(value) {
  return value?.identity ?? value?.source ?? (typeof value === 'object' ? '' : String(value));
}

// 1.15 calls them otherwise.
const remotes = () => [...(room.remoteParticipants ?? room.participants).values()];
const publicationOf = (participant, source) => (participant?.getTrack ? participant.getTrack(source) : participant?.getTrackPublication(source));

function remotePublication(identity, source) {
  return publicationOf(remotes().find((participant) => participant.identity === identity), source);
}

async function statsOf(holder, type) {
  const report = await holder?.getStats();
  if (!report) return [];
  const all = [...report.values()];
  const codec = (id) => all.find((entry) => entry.id === id);
  return all.filter((entry) => entry.type === type).map((entry) => ({
    ...entry,
    codec: codec(entry.codecId)?.mimeType,
    fmtp: codec(entry.codecId)?.sdpFmtpLine,
  }));
}

/** A tone that never stops, for tests that listen for gaps; or one that is silent every other second. */
function toneTrack(frequency, { pulsed = false } = {}) {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency });
  const volume = new GainNode(context, { gain: 0.4 });
  if (pulsed) setInterval(() => { volume.gain.value = volume.gain.value > 0 ? 0 : 0.4; }, 1000);
  const output = context.createMediaStreamDestination();
  tone.connect(volume).connect(output);
  tone.start();
  return output.stream.getAudioTracks()[0];
}

/** End-to-end encryption by one passphrase for everybody; `field` is e2ee for media alone, or encryption. */
async function encryption(field, passphrase) {
  const keyProvider = new client.ExternalE2EEKeyProvider();
  await keyProvider.setKey(passphrase);
  return { [field]: { keyProvider, worker: new Worker('/livekit-client.e2ee.worker.mjs', { type: 'module' }) } };
}

window.lk = {
  client,

  async join(url, token, { passphrase, encrypts = 'encryption', ...options } = {}) {
    const secret = passphrase && await encryption(encrypts, passphrase);
    room = new Room({ ...options, ...secret, publishDefaults: { ...options.publishDefaults } });
    window.room = room;
    listen();
    if (passphrase) await room.setE2EEEnabled(true);
    const start = performance.now();
    await room.connect(url, token, options.connect);
    return performance.now() - start;
  },

  async leave() { await room.disconnect(); },
  state: () => room?.state,
  events: (name) => events.filter((event) => !name || event.name === name),
  speakers: () => room.activeSpeakers.map((speaker) => speaker.identity),
  participants: () => remotes().map((participant) => participant.identity),

  async publish(what = { camera: true, microphone: true }) {
    const local = room.localParticipant;
    if (what.microphone) await local.setMicrophoneEnabled(true, undefined, what.audioOptions);
    const resolution = what.resolution ?? { width: 1280, height: 720, frameRate: 30 };
    if (what.camera) await local.setCameraEnabled(true, { resolution }, what.videoOptions);
  },

  async publishTone(frequency = 440, { pulsed, ...options } = {}) {
    await room.localParticipant.publishTrack(toneTrack(frequency, { pulsed }), { source: Track.Source.Microphone, dtx: false, ...options });
  },

  /** Unpublishes one's own tracks without stopping them and publishes them again, without waiting in between. */
  async republish(...sources) {
    const local = room.localParticipant;
    await Promise.all(sources.map((source) => {
      const { track, options } = publicationOf(local, source);
      local.unpublishTrack(track, false);
      return local.publishTrack(track, options);
    }));
  },

  enable: (source, on) => room.localParticipant[`set${source}Enabled`](on),

  /** What is known of somebody else's track: subscribed, muted, frames drawn, sound heard. */
  async remote(identity, source) {
    const publication = remotePublication(identity, source);
    const track = publication?.track;
    const stats = (await statsOf(track?.receiver, 'inbound-rtp'))[0];
    const drawn = frames.get(track?.sid);
    return {
      known: Boolean(publication),
      muted: publication?.isMuted,
      subscribed: Boolean(track),
      sid: publication?.trackSid,
      drawn: drawn?.count ?? 0,
      width: drawn?.element.videoWidth ?? 0,
      decoded: stats?.framesDecoded ?? 0,
      // Seconds, over all frames.
      buffered: stats?.jitterBufferDelay ?? 0,
      emitted: stats?.jitterBufferEmittedCount ?? 0,
      freezes: stats?.freezeCount ?? 0,
      keyframes: stats?.keyFramesDecoded ?? 0,
      plis: stats?.pliCount ?? 0,
      nacks: stats?.nackCount ?? 0,
      lost: stats?.packetsLost ?? 0,
      packets: stats?.packetsReceived ?? 0,
      bytes: stats?.bytesReceived ?? 0,
      codec: stats?.codec,
      level: probes.get(track?.sid)?.level() ?? 0,
    };
  },

  /** The times, in ms, at which frames of this track were drawn; the list starts anew. */
  takeFrameTimes(identity, source) {
    const seen = frames.get(remotePublication(identity, source)?.track?.sid);
    return seen ? seen.times.splice(0) : [];
  },

  /** For how long, in ms, at most no new picture of this camera was drawn since the last call. */
  takeStill(identity) {
    const times = [...(pictures.get(identity) ?? []), performance.now()];
    pictures.set(identity, times.slice(-2, -1));
    return Math.max(...times.slice(1).map((time, i) => time - times[i]), 0);
  },

  /** What is drawn of a track: its size, and the mean and the spread of its brightness, 0 to 255. */
  picture(identity, source = 'camera') {
    const element = frames.get(remotePublication(identity, source)?.track?.sid)?.element;
    const size = { width: element?.videoWidth ?? 0, height: element?.videoHeight ?? 0 };
    if (!size.width) return { ...size, mean: 0, spread: 0 };
    const canvas = new OffscreenCanvas(64, 36).getContext('2d');
    canvas.drawImage(element, 0, 0, 64, 36);
    const { data } = canvas.getImageData(0, 0, 64, 36);
    const levels = [];
    for (let i = 0; i < data.length; i += 4) levels.push((data[i] + data[i + 1] + data[i + 2]) / 3);
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    return { ...size, mean, spread: Math.max(...levels) - Math.min(...levels) };
  },

  /** The longest silence in ms since the last call, and for how long was listened. */
  takeSilence: (identity) => probes.get(remotePublication(identity, 'microphone')?.track?.sid)?.takeSilence(),

  /** What is sent for one's own track: one entry per encoding. */
  async sent(source) {
    const track = publicationOf(room.localParticipant, source)?.track;
    return statsOf(track?.sender, 'outbound-rtp');
  },

  /** Frames encoded so far of one's own video, by codec: a backup codec has a sender of its own. */
  async framesSent(source) {
    const track = publicationOf(room.localParticipant, source)?.track;
    const senders = [track.sender, ...[...track.simulcastCodecs.values()].map(({ sender }) => sender)];
    const frames = {};
    for (const stats of await Promise.all(senders.map((sender) => statsOf(sender, 'outbound-rtp')))) {
      for (const { codec, framesEncoded } of stats) if (codec) frames[codec] = (frames[codec] ?? 0) + framesEncoded;
    }
    return frames;
  },

  setQuality(identity, quality) {
    remotePublication(identity, 'camera').setVideoQuality(VideoQuality[quality]);
  },

  resize: (identity, width, height) => remotePublication(identity, 'camera').setVideoDimensions({ width, height }),

  /** What is known of everybody, also oneself, by identity and in the words of the server's API. */
  view: () => Object.fromEntries([room.localParticipant, ...remotes()].map((one) => [one.identity, {
    sid: one.sid,
    name: one.name ?? '',
    metadata: one.metadata ?? '',
    attributes: { ...one.attributes },
    tracks: [...one.trackPublications.values()].map(({ trackSid, trackName, kind, source, isMuted }) => ({
      sid: trackSid, name: trackName, type: Track.kindToProto(kind), source: Track.sourceToProto(source), muted: isMuted,
    })),
  }])),

  subscribe: (identity, source, on) => remotePublication(identity, source).setSubscribed(on),
  sendData(text, options = {}) {
    const local = room.localParticipant;
    const data = new TextEncoder().encode(text);
    if (room.remoteParticipants) return local.publishData(data, options);
    const kind = client.DataPacket_Kind[options.reliable ? 'RELIABLE' : 'LOSSY'];
    return local.publishData(data, kind, { destination: options.destinationIdentities, topic: options.topic });
  },
  takeData: () => received.data.splice(0),

  listenText(topic) {
    room.registerTextStreamHandler(topic, async (reader, from) =>
      received.text.push({ text: await reader.readAll(), from: from.identity }));
  },
  sendText: async (text, options) => { await room.localParticipant.sendText(text, options); },
  takeText: () => received.text.splice(0),

  answerRpc(method) {
    const answer = async (data) => {
      if (data.payload === 'fail') throw new client.RpcError(1234, 'as asked');
      return `${data.callerIdentity}:${data.payload}`;
    };
    (room.registerRpcMethod ? room : room.localParticipant).registerRpcMethod(method, answer);
  },
  callRpc: (destinationIdentity, method, payload) =>
    room.localParticipant.performRpc({ destinationIdentity, method, payload })
      .then((answer) => ({ answer }), (error) => ({ code: error.code, message: error.message })),

  /** The transport in use to the server: udp or tcp, once per peer connection. */
  async protocols() {
    const manager = room.engine.pcManager;
    const found = [];
    for (const transport of [manager.publisher, manager.subscriber].filter(Boolean)) {
      const all = [...(await transport.getStats()).values()];
      const used = all.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded');
      const remote = all.find((entry) => entry.id === used?.remoteCandidateId);
      if (remote) found.push(`${remote.protocol}:${remote.port}`);
    }
    return found;
  },

  /** Round trips that the reports of RTCP told, in s, of all that is sent: how many, and their sum. */
  async roundTrip() {
    const found = { samples: 0, total: 0 };
    for (const { track } of room.localParticipant.trackPublications.values()) {
      for (const entry of await statsOf(track?.sender, 'remote-inbound-rtp')) {
        found.samples += entry.roundTripTimeMeasurements ?? 0;
        found.total += entry.totalRoundTripTime ?? 0;
      }
    }
    return found;
  },

  /** How each peer connection reaches the server: the protocol to the relay, or the candidate's type without one. */
  async routes() {
    const manager = room.engine.pcManager;
    const found = [];
    for (const transport of [manager.publisher, manager.subscriber].filter(Boolean)) {
      const all = [...(await transport.getStats()).values()];
      const { selectedCandidatePairId } = all.find((entry) => entry.type === 'transport') ?? {};
      const used = all.find((entry) => entry.id === selectedCandidatePairId);
      const local = all.find((entry) => entry.id === used?.localCandidateId);
      if (local) found.push(local.relayProtocol ? `relay/${local.relayProtocol}` : local.candidateType);
    }
    return found;
  },

  /** The candidates of each peer connection's selected pair. */
  async paths() {
    const manager = room.engine.pcManager;
    const found = [];
    for (const transport of [manager.publisher, manager.subscriber].filter(Boolean)) {
      const all = new Map((await transport.getStats()).entries());
      const { selectedCandidatePairId } = [...all.values()].find((entry) => entry.type === 'transport') ?? {};
      const used = all.get(selectedCandidatePairId);
      const [local, remote] = [all.get(used?.localCandidateId), all.get(used?.remoteCandidateId)];
      if (!local) continue;
      found.push({
        type: local.candidateType, protocol: local.relayProtocol ?? local.protocol, local: local.address, remote: `${remote.address} ${remote.port}`,
      });
    }
    return found;
  },

  /** livekit-client's own connection test: each check's name with what it says. */
  async checkConnection(url, token) {
    const check = new client.ConnectionCheck(url, token);
    const found = {};
    for (const name of ['checkWebsocket', 'checkWebRTC', 'checkTURN', 'checkReconnect', 'checkPublishAudio',
      'checkPublishVideo', 'checkConnectionProtocol']) {
      const { status, logs } = await check[name]();
      found[name] = { status: client.CheckStatus[status], logs: logs.map(({ level, message }) => `${level}: ${message}`) };
    }
    return found;
  },

  /** Joins, waits for the first frame of anybody's camera to be drawn, leaves; the time it took in ms. */
  async timeToFirstFrame(url, token) {
    const fresh = new Room();
    const element = document.createElement('video');
    element.muted = true;
    element.autoplay = true;
    document.body.append(element);
    const drawn = new Promise((resolve) => {
      fresh.on(RoomEvent.TrackSubscribed, (track) => track.kind === 'video' && track.attach(element));
      element.requestVideoFrameCallback(() => resolve(performance.now()));
    });
    const start = performance.now();
    await fresh.connect(url, token);
    const took = (await drawn) - start;
    await fresh.disconnect();
    element.remove();
    return took;
  },
};
