// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekitsink behind an uplink that does not carry the minima of its three layers, 300 kbit/s: it leaves the highest out,
// and viewers have the next one without a stop, until there is room again.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { assertSees } from './lib/checks.mjs';
import { freeTcpPort, freeUdpPort, startDaemon } from './lib/daemon.mjs';
import { joins, pipelineTests } from './lib/pipeline.mjs';
import { startRelay } from './lib/relay.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage(null);
const sinkTest = pipelineTests(stage);
let relay = null;
after(() => relay?.stop());

// Lively enough to need what it is given.
const video = `videotestsrc is-live=true pattern=zone-plate kx2=20 ky2=20 kt=3
  ! video/x-raw,width=960,height=540,framerate=15/1`;

sinkTest('viewers have the layers that a thin uplink carries, and the highest when it carries that', async (s, start) => {
  const ports = { http: await freeTcpPort(), udp: await freeUdpPort(), tcp: await freeTcpPort() };
  s.daemon = await startDaemon({ ports, rtc: { node_ip: '127.0.0.2', ips: '{includes: [127.0.0.1/32]}' } });
  relay = await startRelay(ports.udp, { at: '127.0.0.2', from: ports.udp });
  const room = freshRoom('thin-uplink');
  const bob = await s.join(room, 'bob');
  const pipeline = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${video} ! s.video_0`);
  const highest = async () => (await pipeline.get('s', 'stats')).video_0['encoding-f'];
  const width = async () => (await bob.call('remote', 'kiosk', 'camera')).width;
  await assertSees(bob, 'kiosk');
  await bob.call('setQuality', 'kiosk', 'HIGH');
  await eventually(async () => (await width()) === 960, { timeout: 20000, what: 'bob gets the highest layer' });

  relay.narrow(250);
  await eventually(async () => !(await highest()).enabled, { timeout: 20000, what: 'the highest layer is shut' });
  await eventually(async () => (await width()) < 960, { timeout: 20000, what: 'bob gets a lower layer' });
  await sleep(3000);
  const before = await bob.call('remote', 'kiosk', 'camera');
  await sleep(15000);
  const seen = await bob.call('remote', 'kiosk', 'camera');
  const fps = (seen.decoded - before.decoded) / 15;
  console.log(`# ${fps.toFixed(1)} frames per second at ${seen.width}, ${JSON.stringify(await pipeline.get('s', 'stats'))}`);
  assert.ok(fps > 8, `${fps.toFixed(1)} frames per second`);
  assert.ok(!(await highest()).enabled, 'it stays shut');

  relay.narrow(0);
  await eventually(async () => (await width()) === 960, { timeout: 60000, what: 'bob gets the highest layer again' });
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 180000 });
