// SPDX-License-Identifier: LGPL-2.1-or-later
//
// rtc.force_tcp: clients are told of TCP alone, and nothing listens on UDP.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';

import { assertTalk } from './lib/checks.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';

const stage = makeStage({ env: { LIVEKIT_RTC_FORCE_TCP: 'true' } });

stage.test('both sides of a call use TCP, and the UDP port is free', async (s) => {
  const room = freshRoom('force-tcp');
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob', { client: 'v2_0' });
  await Promise.all([ada.call('publish'), bob.call('publish')]);
  await assertTalk(ada, bob);
  for (const participant of [ada, bob]) {
    const used = await participant.call('protocols');
    assert.deepEqual([...new Set(used)], [`tcp:${s.daemon.ports.tcp}`], participant.identity);
  }
  const socket = dgram.createSocket('udp4').bind(s.daemon.ports.udp, '127.0.0.1');
  await once(socket, 'listening');
  socket.close();
});
