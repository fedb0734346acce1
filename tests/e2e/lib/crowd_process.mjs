// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Some members of a crowd, in a process of their own: run by crowd.mjs. Told { place, members: [{ identity, seed }],
// pause, keys } they join and act; each word from then on is answered: "stop", "views", "leave".

import './quiet_rtc_node.mjs';

import { dispose } from '@livekit/rtc-node';

import { CrowdMember } from './crowd_member.mjs';
import { makeRandom } from './random.mjs';

let over = false;
let members = [];
let acting = [];

const kAnswers = {
  async stop() {
    over = true;
    await Promise.all(acting);
    return members.map(({ counts, errors }) => ({ counts, errors }));
  },
  views: () => Object.fromEntries(members.map((one) => [one.identity, one.view()])),
  async leave() {
    await Promise.all(members.map((one) => one.leave()));
    await dispose();
    return null;
  },
};

async function begin({ place, members: list, pause, keys }) {
  members = list.map(({ identity, seed }) => new CrowdMember(place, identity, makeRandom(seed), keys));
  // One after the other: what is tested is not a rush.
  for (const one of members) await one.join();
  acting = members.map((one) => one.actUntil(() => over, pause));
  return null;
}

// rtc-node's finalizers drop handles that its native half has dropped with the room, and throw where nobody can catch.
process.on('uncaughtException', (error) => {
  if (error.code === 'GenericFailure' && /invalid handle/.test(error.message)) return;
  console.error(error);
  process.exit(1);
});

process.on('message', async ({ id, word, value }) => {
  try {
    process.send({ id, answer: await (word === 'begin' ? begin(value) : kAnswers[word]()) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
  if (word === 'leave') process.disconnect();
});
