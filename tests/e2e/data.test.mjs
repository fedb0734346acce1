// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();

async function three(s, name, client = 'newest') {
  const room = freshRoom(name);
  const people = [];
  for (const identity of ['ada', 'bob', 'cleo']) people.push(await s.join(room, identity, { client }));
  await eventually(async () => (await people[0].call('participants')).length === 2, { what: 'ada sees both' });
  return people;
}

async function assertDelivered(reader, expected) {
  const all = [];
  await eventually(async () => {
    all.push(...(await reader.call('takeData')));
    return all.length >= expected.length;
  }, { what: `${expected.length} messages at ${reader.identity}` });
  assert.deepEqual(all.map(({ text, from, topic }) => ({ text, from, topic })), expected);
}

for (const client of ['newest', 'v2_0']) {
  stage.test(`${client}: reliable data reaches everybody, in order`, async (s) => {
    const [ada, bob, cleo] = await three(s, 'reliable', client);
    const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    for (const text of texts) await ada.call('sendData', text, { reliable: true, topic: 't' });
    const expected = texts.map((text) => ({ text, from: 'ada', topic: 't' }));
    await Promise.all([assertDelivered(bob, expected), assertDelivered(cleo, expected)]);
    await bob.call('sendData', 'back', { reliable: true, topic: 't' });
    await assertDelivered(ada, [{ text: 'back', from: 'bob', topic: 't' }]);
  });

  stage.test(`${client}: lossy data arrives`, async (s) => {
    const [ada, bob] = await three(s, 'lossy', client);
    await ada.call('sendData', 'quick', { reliable: false, topic: 'l' });
    await assertDelivered(bob, [{ text: 'quick', from: 'ada', topic: 'l' }]);
  });
}

stage.test('data for one identity reaches that one alone', async (s) => {
  const [ada, bob, cleo] = await three(s, 'direct');
  await ada.call('sendData', 'secret', { reliable: true, topic: 'd', destinationIdentities: ['bob'] });
  await ada.call('sendData', 'all', { reliable: true, topic: 'd' });
  await assertDelivered(bob, ['secret', 'all'].map((text) => ({ text, from: 'ada', topic: 'd' })));
  await assertDelivered(cleo, [{ text: 'all', from: 'ada', topic: 'd' }]);
});

stage.test('a packet of the largest size a client sends arrives whole', async (s) => {
  const [ada, bob] = await three(s, 'large');
  const text = 'x'.repeat(14000);
  await ada.call('sendData', text, { reliable: true, topic: 'd' });
  await assertDelivered(bob, [{ text, from: 'ada', topic: 'd' }]);
});

stage.test('a text stream longer than a packet arrives whole', async (s) => {
  const [ada, bob] = await three(s, 'text');
  await bob.call('listenText', 'story');
  const text = 'The quick brown fox. '.repeat(4000);
  await ada.call('sendText', text, { topic: 'story' });
  const [got] = await eventually(async () => {
    const all = await bob.call('takeText');
    return all.length && all;
  }, { what: 'the text' });
  assert.equal(got.from, 'ada');
  assert.equal(got.text.length, text.length);
  assert.equal(got.text, text);
});

stage.test('a remote procedure answers, fails and is missing', async (s) => {
  const [ada, bob] = await three(s, 'rpc');
  await bob.call('answerRpc', 'echo');
  assert.deepEqual(await ada.call('callRpc', 'bob', 'echo', 'hello'), { answer: 'ada:hello' });
  assert.equal((await ada.call('callRpc', 'bob', 'echo', 'fail')).code, 1234);
  assert.equal((await ada.call('callRpc', 'bob', 'nothing', '')).code, 1400);
});
