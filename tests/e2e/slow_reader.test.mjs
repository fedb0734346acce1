// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reliable data to a subscriber that reads nothing for a while: nothing is lost and nothing piles up.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';

import { dispose, Room } from '@livekit/rtc-node';

import { startDaemon } from './lib/daemon.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kMessages = 800;
const kSize = 12000;

let daemon;
before(async () => { daemon = await startDaemon(); });
after(async () => {
  await daemon?.stop();
  dispose();
});

const residentMegabytes = () => daemon.residentKb() / 1024;

/** A data_counter.mjs, with the last line that it has printed. */
function startCounter(room, identity) {
  const script = new URL('./lib/data_counter.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, daemon.url, joinToken(room, identity)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const counter = { child, seen: null };
  let rest = '';
  child.stdout.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) if (line.startsWith('{')) counter.seen = JSON.parse(line);
  });
  return counter;
}

test('who reads nothing for three seconds loses nothing, and the other is not cut off', { timeout: 90000 }, async () => {
  const room = freshRoom('slow');
  const counters = ['steady', 'slow'].map((identity) => startCounter(room, identity));
  const sender = new Room();
  try {
    await eventually(async () => counters.every((counter) => counter.seen), { what: 'both have joined' });
    await sender.connect(daemon.url, joinToken(room, 'sender'), { autoSubscribe: true, dynacast: false });
    await eventually(async () => sender.remoteParticipants.size === 2, { what: 'the sender sees both' });
    const before = residentMegabytes();
    let most = before;
    const send = async (from, to) => {
      for (let i = from; i < to; i += 1) {
        const message = new Uint8Array(kSize);
        new DataView(message.buffer).setUint32(0, i);
        await sender.localParticipant.publishData(message, { reliable: true });
        if (i % 50 === 0) most = Math.max(most, residentMegabytes());
      }
    };
    await send(0, 100);
    const [steady, slow] = counters;
    await eventually(async () => slow.seen.messages === 100, { what: 'the slow one has the first hundred' });
    process.kill(slow.child.pid, 'SIGSTOP');
    const sent = send(100, kMessages);
    await sleep(3000);
    most = Math.max(most, residentMegabytes());
    process.kill(slow.child.pid, 'SIGCONT');
    await sent;
    for (const counter of [steady, slow]) {
      await eventually(async () => counter.seen.messages === kMessages, {
        timeout: 30000,
        what: `all messages at ${counter === slow ? 'the slow' : 'the steady'} one`,
      });
      assert.deepEqual(counter.seen, { messages: kMessages, bytes: kMessages * kSize, outOfOrder: 0 });
    }
    assert.ok(most - before < 40, `the daemon grew by ${most - before} MB`);
  } catch (error) {
    error.message += `\n${JSON.stringify(counters.map((counter) => counter.seen))}\n${daemon.log().slice(-2000)}`;
    throw error;
  } finally {
    await sender.disconnect();
    for (const { child } of counters) child.kill('SIGKILL');
  }
});
