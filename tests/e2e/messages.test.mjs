// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What participants say to each other beside audio and video, each kind of it once, with LiveKit's own clients.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { DataPacket, MetricsBatch } from '@livekit/protocol';
import { dispose } from '@livekit/rtc-node';

import { NativeParticipant } from './lib/native.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();
after(() => dispose());

/** Keeps in `window.heard` what the room's events say. */
const listen = (one) => one.page.evaluate(() => {
  const { room } = window;
  window.heard = { files: [], frames: [] };
  const keep = (name, describe) => room.on(name, (...values) => { window.heard[name] = describe(...values); });
  keep('sipDTMFReceived', (dtmf, from) => [dtmf.code, dtmf.digit, from.identity]);
  keep('chatMessage', (message, from) => [message.message, from.identity]);
  keep('transcriptionReceived', (segments, from) => [segments[0].text, segments[0].final, from?.identity]);
  room.registerByteStreamHandler('files', async (reader, from) => {
    const parts = await reader.readAll();
    window.heard.files.push([reader.info.name, parts.reduce((sum, part) => sum + part.byteLength, 0), from.identity]);
  });
  room.on('dataTrackPublished', async (track) => {
    for await (const { payload } of track.subscribe()) window.heard.frames.push(new TextDecoder().decode(payload));
  });
  room.on('dataTrackUnpublished', () => { window.heard.trackEnded = true; });
});
const heard = (one, name) => one.page.evaluate((key) => window.heard[key], name);

async function adaAndBob(s, name) {
  const room = freshRoom(name);
  const ada = await s.join(room, 'ada', { grants: { canUpdateOwnMetadata: true } });
  const bob = await s.join(room, 'bob');
  await listen(bob);
  for (const [one, other] of [[ada, 'bob'], [bob, 'ada']])
    await eventually(async () => (await one.call('participants')).includes(other), { what: `${other} is known` });
  return { room, ada, bob };
}

stage.test('metadata, digits, chat, streams and files of one page arrive at the other', async (s) => {
  const { ada, bob } = await adaAndBob(s, 'messages');
  const text = 'a long story '.repeat(5000);
  await bob.call('listenText', 'story');
  await ada.page.evaluate(async (story) => {
    const local = window.room.localParticipant;
    await local.setMetadata('{"role":"host"}');
    await local.setName('Ada L.');
    await local.setAttributes({ hand: 'up' });
    await local.publishDtmf(5, '5');
    await local.sendChatMessage('hello');
    const writer = await local.streamText({ topic: 'story' });
    for (let at = 0; at < story.length; at += 10000) await writer.write(story.slice(at, at + 10000));
    await writer.close();
    await local.sendFile(new File([new Uint8Array(100000)], 'zeros.bin'), { topic: 'files' });
  }, text);
  await eventually(() => bob.page.evaluate(() => {
    const remote = window.room.remoteParticipants.get('ada');
    return remote.metadata === '{"role":"host"}' && remote.name === 'Ada L.' && remote.attributes.hand === 'up';
  }), { what: 'bob knows ada better' });
  const [story] = await eventually(async () => {
    const all = await bob.call('takeText');
    return all.length && all;
  }, { what: 'the story' });
  assert.deepEqual([story.text === text, story.from], [true, 'ada']);
  await eventually(async () => (await heard(bob, 'files')).length === 1, { what: 'the file' });
  assert.deepEqual(await heard(bob, 'files'), [['zeros.bin', 100000, 'ada']]);
  assert.deepEqual(await heard(bob, 'sipDTMFReceived'), [5, '5', 'ada']);
  assert.deepEqual(await heard(bob, 'chatMessage'), ['hello', 'ada']);
});

stage.test('a participant without the grant may not change its own metadata', async (s) => {
  const { bob } = await adaAndBob(s, 'no-metadata');
  await assert.rejects(bob.page.evaluate(() => window.room.localParticipant.setMetadata('x')), /does not have permission to update own metadata/);
});

stage.test('the frames of a data track arrive until it ends', async (s) => {
  const { ada, bob } = await adaAndBob(s, 'data-track');
  await ada.page.evaluate(async () => {
    window.track = await window.room.localParticipant.publishDataTrack({ name: 'position' });
    let count = 0;
    window.pushing = setInterval(() => window.track.tryPush({ payload: new TextEncoder().encode(`frame ${count += 1}`) }).catch(() => {}), 50);
  });
  const frames = await eventually(async () => {
    const all = await heard(bob, 'frames');
    return all.length >= 5 && all;
  }, { what: 'five frames' });
  const numbers = frames.map((frame) => Number(/^frame (\d+)$/.exec(frame)[1]));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  await ada.page.evaluate(async () => {
    clearInterval(window.pushing);
    await window.track.unpublish();
  });
  await eventually(() => heard(bob, 'trackEnded'), { what: 'the track ends' });
});

stage.test('an agent transcribes for a page, and calls a procedure of it', async (s) => {
  const room = freshRoom('agent-says');
  const bob = await s.join(room, 'bob');
  await listen(bob);
  await bob.call('answerRpc', 'echo');
  const agent = new NativeParticipant();
  try {
    await agent.join(s.daemon.url, joinToken(room, 'agent', { agent: true }));
    await agent.publishAudio(440);
    await eventually(() => agent.room.remoteParticipants.has('bob'), { what: 'the agent knows bob' });
    await eventually(async () => (await bob.call('participants')).includes('agent'), { what: 'bob knows the agent' });
    const segment = { id: 's1', text: 'good morning', startTime: 0n, endTime: 1n, final: true, language: 'en' };
    await eventually(async () => {
      await agent.room.localParticipant.publishTranscription({ participantIdentity: 'agent', trackSid: agent.audioPublication.sid, segments: [segment] });
      return heard(bob, 'transcriptionReceived');
    }, { interval: 500, what: 'the transcription' });
    assert.deepEqual(await heard(bob, 'transcriptionReceived'), ['good morning', true, 'agent']);
    const answer = await agent.room.localParticipant.performRpc({ destinationIdentity: 'bob', method: 'echo', payload: 'hi' });
    assert.equal(answer, 'agent:hi');
  } finally {
    await agent.leave();
  }
});

stage.test('what clients measure reaches those who may subscribe to it', async (s) => {
  const room = freshRoom('metrics');
  const watcher = await s.join(room, 'watcher', { grants: { canSubscribeMetrics: true } });
  const bob = await s.join(room, 'bob');
  for (const one of [watcher, bob]) {
    await one.page.evaluate(() => {
      window.metrics = [];
      window.room.on('metricsReceived', (batch, from) => window.metrics.push({ from: from?.identity, batch: batch.toJson() }));
    });
  }
  const ada = await s.join(room, 'ada');
  const sentAt = BigInt(Date.now() - 3600_000);  // her clock is an hour slow
  const samples = [{ timestampMs: sentAt - 2000n, value: 0.25 }];
  const batch = new MetricsBatch({ timestampMs: sentAt, strData: ['ada'], timeSeries: [{ label: 17, participantIdentity: 4096, samples }] });
  const packet = new DataPacket({ value: { case: 'metrics', value: batch } });
  const before = Date.now();
  await ada.page.evaluate((bytes) => window.room.engine.sendDataPacket({ value: { case: 'metrics' }, toBinary: () => new Uint8Array(bytes) }, 0),
    [...packet.toBinary()]);
  await eventually(() => watcher.page.evaluate(() => window.metrics.length > 0), { what: 'metrics' });
  const [metrics] = await watcher.page.evaluate(() => window.metrics);
  assert.equal(metrics.from, 'ada');
  assert.deepEqual(metrics.batch.strData, ['ada']);
  const [sample] = metrics.batch.timeSeries[0].samples;
  assert.equal(sample.value, 0.25);
  const late = Date.parse(sample.normalizedTimestamp) - (before - 2000);
  assert.ok(late >= 0 && late < 2000, `on the server's clock: ${late} ms`);
  assert.equal(await bob.page.evaluate(() => window.metrics.length), 0);
});
