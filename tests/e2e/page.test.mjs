// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The daemon's own page, used as a visitor uses it.

import assert from 'node:assert/strict';

import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();

/** The fake microphone beeps too briefly to count as speaking: this one hums. */
function humInstead() {
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    if (!constraints.audio || constraints.video) return original(constraints);
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: 220 });
    const output = context.createMediaStreamDestination();
    tone.connect(new GainNode(context, { gain: 0.4 })).connect(output);
    tone.start();
    return output.stream;
  };
}

async function visit(s, room, name) {
  const page = await s.page(`${s.daemon.http}/?room=${room}&name=${name}`, { before: { script: humInstead } });
  await page.waitForSelector('.preview video:visible');
  return page;
}

const movingTiles = (page) => page.evaluate(async () => {
  const videos = [...document.querySelectorAll('.tile video')].filter((video) => !video.hidden);
  const before = videos.map((video) => video.getVideoPlaybackQuality().totalVideoFrames);
  await new Promise((resolve) => { setTimeout(resolve, 500); });
  return videos.filter((video, i) => video.getVideoPlaybackQuality().totalVideoFrames > before[i] + 3).length;
});

stage.test('two visitors meet, mute, chat, share a screen and leave', async (s) => {
  const room = freshRoom('page');
  const ada = await visit(s, room, 'Ada');
  await eventually(() => ada.evaluate(() => document.querySelectorAll('.meter .on').length > 0), { what: 'the level moves' });
  const bob = await visit(s, room, 'Bob');
  await ada.click('text=Join >> nth=-1');
  await bob.click('text=Join >> nth=-1');
  for (const page of [ada, bob]) await eventually(async () => (await movingTiles(page)) === 2, { timeout: 25000, what: 'two tiles move' });
  await ada.waitForSelector('.tile:has-text("Bob").speaking', { timeout: 15000 });

  await ada.click('[aria-label="Microphone"]');
  await bob.waitForSelector('.tile:has-text("Ada") .muted:visible');
  await ada.click('button[aria-label="Chat"]');
  await ada.fill('[name=message]', 'hello http://127.0.0.1/ <b>');
  await ada.keyboard.press('Enter');
  await bob.click('button[aria-label="Chat"]');
  await bob.waitForSelector('.messages li:has-text("hello http://127.0.0.1/ <b>") a');

  await ada.click('[aria-label="Share your screen"]');
  await bob.waitForSelector('.grid.focused .main .tile.screen');
  await eventually(async () => (await movingTiles(bob)) === 3, { what: 'the screen moves too' });
  if (process.env.E2E_SCREENSHOTS) await bob.screenshot({ path: `${process.env.E2E_SCREENSHOTS}/call.png` });
  await ada.click('[aria-label="Copy link"], .pill');
  assert.match(await ada.evaluate(() => navigator.clipboard.readText()), new RegExp(`room=${room}`));

  await ada.click('[aria-label="Leave the call"]');
  await ada.waitForSelector('text=Join a call');
  await eventually(() => bob.evaluate(() => document.querySelectorAll('.tile').length === 1), { what: 'Bob is alone' });
});

stage.test('the address can join by itself, without devices', async (s) => {
  const page = await s.page(`${s.daemon.http}/?room=${freshRoom('auto')}&name=Kiosk&autojoin=1&camera=0&microphone=0`);
  await page.waitForSelector('.tile:has-text("Kiosk (you)")');
  await page.waitForSelector('.banner', { state: 'hidden' });
});

stage.test('the page is for browsers, health checks get OK', async (s) => {
  assert.equal((await (await fetch(`${s.daemon.http}/`)).text()).trim(), 'OK');
  const page = await fetch(`${s.daemon.http}/`, { headers: { accept: 'text/html,application/xhtml+xml' } });
  assert.match(page.headers.get('content-type'), /^text\/html/);
  assert.match(await page.text(), /<div id="app">/);
  const script = await fetch(`${s.daemon.http}/assets/app.js`);
  assert.match(script.headers.get('content-type'), /javascript/);
  for (const path of ['nothing.js', '../livekit.yaml', '%2e%2e%2f%2e%2e%2fetc/passwd']) {
    const { status } = await fetch(`${s.daemon.http}/assets/${path}`);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
  }
});
