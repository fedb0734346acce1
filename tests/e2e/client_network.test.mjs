// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network between livekitsink, the server and livekitsrc is cut: nothing of the server arrives
// for a while, and nothing tells so. The daemon stands still, as it looks from the outside.

import assert from 'node:assert/strict';

import { joins, pipelineTests } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const networkTest = pipelineTests(stage);

const kPublish = `videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! s.video_0
  audiotestsrc is-live=true ! s.audio_0`;
const kReceive = 'r.video_0 ! queue ! fakesink name=video sync=false r.audio_0 ! queue ! fakesink name=audio sync=false';

const counts = async (pipeline) => {
  const stats = await pipeline.get('r', 'stats');
  return { video: stats.video_0?.buffers ?? 0, audio: stats.audio_0?.buffers ?? 0, gaps: stats.audio_0?.gaps ?? 0 };
};

async function assertFlows(pipeline, timeout) {
  const before = await counts(pipeline);
  await eventually(async () => {
    const now = await counts(pipeline);
    return now.video >= before.video + 30 && now.audio >= before.audio + 50;
  }, { timeout, what: 'picture and sound' });
}

for (const [seconds, back] of [[3, 5000], [30, 30000]]) {
  networkTest(`both sides go on after ${seconds} s without a network`, async (s, start) => {
    const room = freshRoom('cut');
    const publisher = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${kPublish}`);
    const viewer = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} ${kReceive}`);
    await assertFlows(viewer, 15000);
    process.kill(s.daemon.pid, 'SIGSTOP');
    try {
      await sleep(seconds * 1000);
      assert.ok((await counts(viewer)).gaps > seconds, 'gaps are told of');
    } finally {
      process.kill(s.daemon.pid, 'SIGCONT');
    }
    await assertFlows(viewer, back);
    assert.deepEqual([...viewer.errors(), ...publisher.errors()], []);
  }, { timeout: 120000 });
}
