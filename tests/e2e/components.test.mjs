// SPDX-License-Identifier: LGPL-2.1-or-later
//
// LiveKit's React components: VideoConference, unmodified.

import assert from 'node:assert/strict';

import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();

function conference(s, room, identity) {
  const query = new URLSearchParams({ url: s.daemon.url, token: joinToken(room, identity) });
  return s.page(`${s.site.url('components')}?${query}`);
}

/** How many pictures of the page are moving. */
const movingVideos = (page) => page.evaluate(async () => {
  const videos = [...document.querySelectorAll('.lk-participant-tile video')];
  const before = videos.map((video) => video.getVideoPlaybackQuality().totalVideoFrames);
  await new Promise((resolve) => { setTimeout(resolve, 500); });
  return videos.filter((video, i) => video.getVideoPlaybackQuality().totalVideoFrames > before[i] + 3).length;
});

stage.test('VideoConference shows both, chats and hangs up', async (s) => {
  const room = freshRoom('conference');
  const ada = await conference(s, room, 'ada');
  const bob = await conference(s, room, 'bob');
  await Promise.all([ada, bob].map((page) =>
    eventually(async () => (await movingVideos(page)) === 2, { timeout: 25000, what: 'two moving tiles' })));

  await ada.click('.lk-chat-toggle');
  await ada.fill('.lk-chat-form-input', 'hello bob');
  await ada.click('.lk-chat-form-button');
  await bob.click('.lk-chat-toggle');
  await bob.waitForSelector('.lk-chat-entry:has-text("hello bob")');

  await ada.click('.lk-disconnect-button');
  await eventually(() => bob.evaluate(() => document.querySelectorAll('.lk-participant-tile').length === 1), { what: 'one tile left' });
  assert.equal(await bob.evaluate(() => document.querySelectorAll('.lk-toast-connection-state').length), 0);
});
