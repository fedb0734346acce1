// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekit-client's own end-to-end encryption, its worker included: frames and data packets pass the server,
// which has no key, and are marked as encrypted.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';

import { RoomServiceClient } from 'livekit-server-sdk';

import { assertHears, assertSees } from './lib/checks.mjs';
import { kKey, kSecret } from './lib/daemon.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const kGcm = 1;  // Encryption.Type
const kSecretOptions = { options: { passphrase: 'open sesame' } };
const service = (s) => new RoomServiceClient(s.daemon.http, kKey, kSecret);

/** A picture of the camera is drawn: not black, not of one colour. */
async function assertPicture(viewer, identity, width) {
  await eventually(async () => {
    const picture = await viewer.call('picture', identity);
    return picture.width === width && picture.mean > 20 && picture.spread > 60;
  }, { timeout: 25000, what: `${viewer.identity} sees a picture of ${identity}, ${width} wide` });
}

const knowsEncrypted = (one, identity) => one.page.evaluate((who) => {
  const { room } = window;
  const participant = room.localParticipant.identity === who ? room.localParticipant : room.remoteParticipants.get(who);
  return participant.isEncrypted && [...participant.trackPublications.values()].every((track) => track.isEncrypted);
}, identity);

stage.test('two with the same passphrase see and hear each other in every layer, and the server knows it is encrypted', async (s) => {
  const room = freshRoom('e2ee');
  const [ada, bob] = [await s.join(room, 'ada', kSecretOptions), await s.join(room, 'bob', kSecretOptions)];
  await Promise.all([
    ada.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8' } }),
    bob.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8' } }),
    ada.call('publishTone', 440), bob.call('publishTone', 880),
  ]);
  for (const [viewer, who] of [[ada, 'bob'], [bob, 'ada']]) {
    await Promise.all([assertSees(viewer, who, 'camera', 25000), assertHears(viewer, who)]);
    assert.equal((await viewer.call('remote', who, 'camera')).codec, 'video/VP8');
    assert.equal(await knowsEncrypted(viewer, who), true);
  }
  for (const [quality, width] of [['LOW', 320], ['MEDIUM', 640], ['HIGH', 1280]]) {
    await bob.call('setQuality', 'ada', quality);
    await assertPicture(bob, 'ada', width);
  }
  const people = await service(s).listParticipants(room);
  assert.deepEqual(people.map((one) => one.identity).sort(), ['ada', 'bob']);
  for (const { tracks } of people) {
    assert.deepEqual(tracks.map((track) => track.encryption), [kGcm, kGcm]);
  }
  for (const one of [ada, bob]) {
    const told = (await one.call('events', 'ParticipantEncryptionStatusChanged')).map((event) => event.detail);
    assert.ok(told.includes('true ada') && told.includes('true bob'), `${one.identity}: ${told}`);
    assert.deepEqual(await one.call('events', 'EncryptionError'), []);
  }
});

for (const videoCodec of ['h264', 'vp9']) {
  stage.test(`encrypted ${videoCodec} is decoded`, async (s) => {
    const room = freshRoom('e2ee-codec');
    const [ada, bob] = [await s.join(room, 'ada', kSecretOptions), await s.join(room, 'bob', kSecretOptions)];
    await ada.call('publish', { camera: true, videoOptions: { videoCodec, backupCodec: false } });
    await assertSees(bob, 'ada', 'camera', 25000);
    await assertPicture(bob, 'ada', 1280);
    assert.equal((await bob.call('remote', 'ada', 'camera')).codec, `video/${videoCodec.toUpperCase()}`);
  });
}

stage.test('data packets are encrypted, and text streams', async (s) => {
  const room = freshRoom('e2ee-data');
  const [ada, bob] = [await s.join(room, 'ada', kSecretOptions), await s.join(room, 'bob', kSecretOptions)];
  const eve = await s.join(room, 'eve');
  for (const one of [bob, eve]) await one.call('listenText', 'chat');
  await eventually(async () => (await bob.call('participants')).includes('ada'), { what: 'bob knows ada' });
  await eventually(() => ada.page.evaluate(() => window.room.isE2EEEnabled), { what: 'ada encrypts' });
  await ada.call('sendData', 'between us', { reliable: true, topic: 't' });
  await ada.call('sendText', 'a word', { topic: 'chat' });
  const [data] = await eventually(async () => {
    const all = await bob.call('takeData');
    return all.length && all;
  }, { what: 'the data' });
  assert.deepEqual([data.text, data.from, data.topic], ['between us', 'ada', 't']);
  await eventually(async () => (await bob.call('takeText'))[0]?.text === 'a word', { what: 'the text' });
  // Who has no key gets both, too, and can do nothing with them.
  const refusals = () => eve.page.printed.filter((line) => /Received encrypted packet but E2EE not set up/.test(line)).length;
  await eventually(() => refusals() >= 2, { what: 'eve receives two encrypted packets' });
  assert.deepEqual([await eve.call('takeData'), await eve.call('takeText')], [[], []]);
});

stage.test('a wrong passphrase shows nothing and is told as an error', async (s) => {
  const room = freshRoom('e2ee-wrong');
  const ada = await s.join(room, 'ada', kSecretOptions);
  const eve = await s.join(room, 'eve', { options: { passphrase: 'open barley' } });
  const bob = await s.join(room, 'bob', kSecretOptions);
  await Promise.all([ada.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8' } }), ada.call('publishTone')]);
  await Promise.all([assertSees(bob, 'ada', 'camera', 25000), assertHears(bob, 'ada')]);
  await eventually(async () => (await eve.call('remote', 'ada', 'camera')).bytes > 20000, { what: 'eve receives ada\'s camera' });
  await eventually(async () => (await eve.call('events', 'EncryptionError')).length > 0, { what: 'eve is told of the error' });
  await sleep(500);
  const seen = await eve.call('remote', 'ada', 'camera');
  assert.deepEqual([seen.decoded, seen.drawn], [0, 0]);
  assert.ok((await eve.call('remote', 'ada', 'microphone')).level < 0.005, 'eve hears nothing');
  assert.deepEqual(await bob.call('events', 'EncryptionError'), []);
});
