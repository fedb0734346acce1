// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

import { tcpOnly } from './lib/candidates.mjs';
import { assertTalk } from './lib/checks.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';

const stage = makeStage();

for (const client of ['newest', 'v2_0']) {
  stage.test(`${client}: a call works over ICE/TCP alone`, async (s) => {
    const room = freshRoom('tcp');
    const ada = await s.join(room, 'ada', { client, before: tcpOnly() });
    const bob = await s.join(room, 'bob', { client });
    await Promise.all([ada.call('publish'), bob.call('publish')]);
    await assertTalk(ada, bob);
    const used = await ada.call('protocols');
    assert.ok(used.length > 0);
    assert.deepEqual([...new Set(used)], [`tcp:${s.daemon.ports.tcp}`]);
    assert.match((await bob.call('protocols')).join(), /^udp/);
    await ada.call('sendData', 'over tcp', { reliable: true });
  });
}
