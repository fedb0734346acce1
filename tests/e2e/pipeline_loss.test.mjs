// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pipelines behind a relay that loses 5 % at random and delays 40 ms each way: what livekitsink's layers lose is sent
// again, each layer's own, and what livekitsrc lost comes again.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { assertSees } from './lib/checks.mjs';
import { freeTcpPort, freeUdpPort, startDaemon } from './lib/daemon.mjs';
import { joins, pipelineTests } from './lib/pipeline.mjs';
import { startRelay } from './lib/relay.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kSeconds = Number(process.env.LOSS_SECONDS ?? 15);
// The repaired rid's in livekitsink's offers.
const kRepairedRid = 5;
const kWidths = { LOW: 320, MEDIUM: 640, HIGH: 1280 };

const stage = makeStage(null);
const pipelineTest = pipelineTests(stage);
let relay = null;
after(() => relay?.stop());

/** A daemon that tells its clients the relay's address. */
async function startLossyDaemon(s, options) {
  const ports = { http: await freeTcpPort(), udp: await freeUdpPort(), tcp: await freeTcpPort() };
  s.daemon = await startDaemon({ ports, rtc: { node_ip: '127.0.0.2', ips: '{includes: [127.0.0.1/32]}' } });
  return startRelay(ports.udp, { at: '127.0.0.2', from: ports.udp, ...options });
}

const video = `videotestsrc is-live=true pattern=ball ! video/x-raw,width=1280,height=720,framerate=30/1`;

/** Frames per second that `count` grew by. */
async function rate(count) {
  const before = await count();
  const start = performance.now();
  await sleep(kSeconds * 1000);
  return ((await count()) - before) / ((performance.now() - start) / 1000);
}

pipelineTest('each layer of livekitsink is whole in Chromium, and in livekitsrc', async (s, start) => {
  relay = await startLossyDaemon(s, { loss: 5, delay: 40, extension: kRepairedRid });
  const room = freshRoom('pipeline-loss');
  const bob = await s.join(room, 'bob');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${video} ! s.video_0`);
  await assertSees(bob, 'kiosk', 'camera', 25000);
  const found = {};
  const decoded = async () => (await bob.call('remote', 'kiosk', 'camera')).decoded;
  for (const quality of ['LOW', 'MEDIUM', 'HIGH']) {
    await bob.call('setQuality', 'kiosk', quality);
    await eventually(async () => (await bob.call('remote', 'kiosk', 'camera')).width === kWidths[quality],
      { timeout: 20000, what: `bob gets ${quality}` });
    found[quality] = await rate(decoded);
  }
  const { lost, nacks, plis } = await bob.call('remote', 'kiosk', 'camera');
  const viewer = start(`livekitsrc name=r ${joins(s.daemon, room, 'screen')} r.video_0 ! queue ! decodebin
    ! fakesink name=sink sync=false`);
  await viewer.waitForState('connected');
  const rendered = async () => (await viewer.get('sink', 'stats'))?.rendered ?? 0;
  await eventually(async () => (await rendered()) > 30, { timeout: 20000, what: 'the picture at livekitsrc' });
  found.livekitsrc = await rate(rendered);
  const { video_0: received } = await viewer.get('r', 'stats');
  const relayed = await relay.stop();
  relay = null;
  console.log(`# ${JSON.stringify({ found, lost, nacks, plis, received, relayed })}`);
  assert.ok(relayed.passed > 100 * kSeconds && relayed.lost > 0.04 * relayed.passed, 'the relay lost what it should');
  assert.ok(relayed.extended > 0, 'retransmissions say which layer they repair');
  for (const [what, fps] of Object.entries(found)) assert.ok(fps >= 20, `${what}: ${fps.toFixed(1)} frames per second`);
}, { timeout: (4 * kSeconds + 120) * 1000 });
