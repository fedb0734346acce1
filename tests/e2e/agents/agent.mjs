// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The agent of the tests, as somebody writes one with @livekit/agents: it joins, says in its attributes
// which job it has and what it is doing, and repeats what it is told until it is told to go.

import { defineAgent } from '@livekit/agents';
import { RoomEvent } from '@livekit/rtc-node';

export default defineAgent({
  entry: async (ctx) => {
    const { job } = ctx;
    ctx.addShutdownCallback(async () => console.log(`ended ${job.id}`));
    await ctx.connect();
    const local = ctx.room.localParticipant;
    ctx.room.on(RoomEvent.DataReceived, async (payload, participant) => {
      const text = new TextDecoder().decode(payload);
      if (text === 'go') ctx.shutdown('was told to');
      else await local.publishData(new TextEncoder().encode(`${participant.identity} said ${text}`), { reliable: true });
    });
    await local.setAttributes({
      'lk.agent.state': 'listening',
      job: job.id,
      type: job.type,
      about: job.participant?.identity ?? '',
      wishes: job.metadata,
    });
    console.log(`started ${job.id}`);
  },
});
