// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the admin page and its figures say of a call, beside what the clients themselves have counted. The call goes
// through a relay that loses and delays packets: without, there would be no loss and no round trip to compare.

import assert from 'node:assert/strict';

import { RoomServiceClient } from 'livekit-server-sdk';

import { throughRelay } from './lib/candidates.mjs';
import { assertSees } from './lib/checks.mjs';
import { kKey, kSecret } from './lib/daemon.mjs';
import { startRelay } from './lib/relay.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, rawToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();

const kNames = ['ada', 'bob', 'cleo'];
const kSources = ['camera', 'microphone'];
const kDelay = 60;
const kLag = 3000;
const kResolution = { width: 640, height: 360, frameRate: 20 };
// Ada sends layers. Chromium probes with packets that repeat others while it could send better ones, and counts them
// as sent: bitrates are compared where there is one layer, and where they arrive.
const kLayers = {
  videoCodec: 'vp8',
  videoEncoding: { maxBitrate: 450_000, maxFramerate: 20 },
  videoSimulcastLayers: [{ width: 320, height: 180, encoding: { maxBitrate: 120_000, maxFramerate: 20 } }],
};
const kPlain = { videoCodec: 'vp8', simulcast: false, videoEncoding: { maxBitrate: 300_000, maxFramerate: 20 } };

const admin = (room) => rawToken({ sub: 'admin', video: { roomList: true, roomAdmin: true, room } });

async function ask(s, path, token) {
  const response = await fetch(`${s.daemon.http}/admin/${path}`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

/** The figures of one row of the page: tracks that `who` publishes, or receives from somebody. */
const rowOf = (page, who, source, from = null) => page.evaluate(([identity, kind, publisher]) => {
  const card = document.querySelector(`.participant[data-identity="${identity}"]`);
  const row = card.querySelector(`tr[data-source="${kind}"]${publisher ? `[data-from="${publisher}"]` : ':not([data-from])'}`);
  const figures = Object.fromEntries([...row.querySelectorAll('[data-figure]')].map((cell) => [cell.dataset.figure, Number(cell.dataset.value)]));
  return { ...figures, ...Object.fromEntries(Object.entries(row.dataset)), text: row.innerText };
}, [who, source, from]);

const figureOf = (page, who, figure) => page.evaluate(([identity, name]) =>
  Number(document.querySelector(`.participant[data-identity="${identity}"] [data-figure="${name}"]`).dataset.value), [who, figure]);

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;

function assertWithin(found, expected, share, what) {
  assert.ok(Math.abs(found - expected) <= share * expected, `${what}: the page says ${found}, the client ${expected}`);
}

/** What a client's getStats says of everything it sends and receives, now. */
async function counted(participant) {
  const sent = {};
  for (const source of kSources) sent[source] = await participant.call('sent', source);
  const received = {};
  for (const other of kNames.filter((name) => name !== participant.identity)) {
    received[other] = { camera: await participant.call('remote', other, 'camera'), microphone: await participant.call('remote', other, 'microphone') };
  }
  return { at: performance.now(), sent, received, roundTrip: await participant.call('roundTrip') };
}

// Without what was sent again, which a server gets once.
const bytesOf = (encodings) => sum(encodings.map(({ bytesSent, retransmittedBytesSent: again = 0 }) => bytesSent - again));

async function compare(s, relay) {
  const room = freshRoom('admin');
  const people = [];
  for (const name of kNames) people.push(await s.join(room, name, { before: throughRelay(relay.port) }));
  for (const one of people) {
    await one.call('publish', { camera: true, resolution: kResolution, videoOptions: one.identity === 'ada' ? kLayers : kPlain });
    await one.call('publishTone', 440);
  }
  for (const one of people) {
    for (const name of kNames.filter((other) => other !== one.identity)) await assertSees(one, name, 'camera', 30000);
  }
  // Development mode asks nobody.
  const page = await s.page(`${s.daemon.http}/admin`);
  await page.setViewportSize({ width: 1440, height: 1000 });
  await page.click(`[data-room="${room}"]`);
  await page.waitForSelector('.participant >> nth=2');
  await sleep(15000);  // The rate estimates settle, and what is read is a mean of some seconds.

  // What the page shows is the mean of the five seconds before, and those figures are made once a second: it is about
  // the time three seconds ago.
  const before = await Promise.all(people.map(counted));
  const end = performance.now() + 15000;
  let after = null;
  await sleep(kLag);
  const shown = new Map();
  const show = (name, value) => shown.set(name, [...(shown.get(name) ?? []), value]);
  while (performance.now() < end + kLag) {
    await sleep(300);
    if (!after && performance.now() > end) after = await Promise.all(people.map(counted));
    for (const name of kNames) {
      show(`${name} time`, await figureOf(page, name, 'round_trip'));
      for (const source of kSources) {
        show(`${name} ${source}`, (await rowOf(page, name, source)).bitrate);
        for (const other of kNames.filter((one) => one !== name)) show(`${name} ${source} ${other}`, (await rowOf(page, name, source, other)).bitrate);
      }
    }
  }
  people.forEach(({ identity }, i) => {
    const [first, last] = [before[i], after[i]];
    const bitrate = (bytes) => (8000 * (bytes(last) - bytes(first))) / (last.at - first.at);
    for (const source of kSources) {
      if (identity !== 'ada' || source !== 'camera') {
        assertWithin(mean(shown.get(`${identity} ${source}`)), bitrate(({ sent }) => bytesOf(sent[source])), 0.05, `bitrate of ${identity}'s ${source}`);
      }
      for (const other of kNames.filter((one) => one !== identity)) {
        assertWithin(mean(shown.get(`${identity} ${source} ${other}`)), bitrate(({ received }) => received[other][source].bytes), 0.05,
          `bitrate of ${other}'s ${source} to ${identity}`);
      }
    }
    const own = (1000 * (last.roundTrip.total - first.roundTrip.total)) / (last.roundTrip.samples - first.roundTrip.samples);
    assert.ok(own > 2 * kDelay - 1, `${identity} measures ${own} ms`);
    assertWithin(mean(shown.get(`${identity} time`)), own, 0.05, `round trip to ${identity}`);
  });
  if (process.env.E2E_SCREENSHOTS) {
    await sleep(Number(process.env.E2E_SCREENSHOT_DELAY ?? 0) * 1000);
    await page.screenshot({ path: `${process.env.E2E_SCREENSHOTS}/admin.png`, fullPage: true });
  }

  // Layers: sizes and names as the publisher has them, and the reason beside what each viewer gets.
  for (const { identity, sent: { camera } } of after.map((one, i) => ({ ...one, identity: kNames[i] }))) {
    const { text } = await rowOf(page, identity, 'camera');
    for (const { rid, frameWidth, frameHeight } of camera.filter(({ active, framesPerSecond }) => active && framesPerSecond > 0)) {
      assert.match(text, new RegExp(`${rid ? `${rid} · ` : ''}${frameWidth}×${frameHeight}`), `${identity}: ${text}`);
    }
  }
  await people[1].call('setQuality', 'ada', 'LOW');
  await eventually(async () => /asked for low/.test((await rowOf(page, 'bob', 'camera', 'ada')).text) && (await rowOf(page, 'bob', 'camera', 'ada')).reason === 'requested',
    { what: 'the page says that bob asked for it' });
  assert.match((await rowOf(page, 'bob', 'camera', 'ada')).text, /q · 320×180/);
  assert.match(await page.textContent('.participant[data-identity="ada"] [data-figure="way"]'), /^UDP (prflx|host)$/);
  assert.match(await page.textContent('.participant[data-identity="ada"] .who'), /js 2\.\d+\.\d+ · .*Chrom/);
  // The picture: three who send, one router with six tracks, three who receive.
  assert.equal(await page.locator('.pipeline .track').count(), 6);
  assert.equal(await page.locator('.pipeline .transport').count(), 6);

  // Losses: when nothing is sent any more, both have counted all.
  relay.lose(10);
  await sleep(12000);
  await Promise.all(people.map((one) => one.call('enable', 'Camera', false)));
  await sleep(6000);
  for (const one of people) {
    for (const other of kNames.filter((name) => name !== one.identity)) {
      const { lost, packets } = await one.call('remote', other, 'camera');
      const row = await rowOf(page, one.identity, 'camera', other);
      assert.ok(lost > 10, `${one.identity} lost ${lost} of ${packets}`);
      assertWithin(Number(row.lost), lost, 0.05, `lost of ${other}'s camera at ${one.identity}`);
    }
  }
}

stage.test('the page of a call of three says what the clients say', async (s) => {
  const relay = await startRelay(s.daemon.ports.udp, { delay: kDelay });
  try {
    await compare(s, relay);
  } finally {
    await relay.stop();
  }
}, { timeout: 150000 });

stage.test('figures are for those whom the server API would tell', async (s) => {
  const room = freshRoom('wing/a b');
  const ada = await s.join(room, 'ada');
  await ada.call('publishTone', 440);
  const path = `rooms/${encodeURIComponent(room)}`;
  for (const [wanted, token] of [['rooms', undefined], ['rooms', rawToken({ video: { roomAdmin: true, room } })],
    [path, undefined], [path, ada.token], [path, admin('elsewhere')], [`${path}/pipeline.dot`, admin('elsewhere')]]) {
    const { status, text } = await ask(s, wanted, token);
    assert.equal(status, 401, wanted);
    assert.doesNotMatch(text, /ada|PA_/);
  }
  assert.equal((await ask(s, 'rooms/nowhere', admin('nowhere'))).status, 404);

  const { rooms, server } = JSON.parse((await ask(s, 'rooms', admin(''))).text);
  assert.match(server.version, /^\d+\.\d+/);
  assert.equal(rooms.find(({ name }) => name === room).num_participants, 1);
  const told = JSON.parse((await ask(s, path, admin(room))).text);
  const [{ sid, tracks }] = told.participants;
  const client = new RoomServiceClient(s.daemon.http, kKey, kSecret);
  const [known] = await client.listParticipants(room);
  assert.equal(sid, known.sid);
  assert.deepEqual(tracks.map((track) => track.sid), known.tracks.map((track) => track.sid));
  const dot = await ask(s, `${path}/pipeline.dot`, admin(room));
  assert.match(dot.type, /^text\/vnd\.graphviz/);
  assert.match(dot.text, /^digraph pipeline \{[^]*GstSfuRouter[^]*\}\s*$/);
  assert.match(dot.text, new RegExp(sid));
});

stage.test('outside of development mode the page asks for a token, or signs one itself', async (s) => {
  const room = freshRoom('door');
  const ada = await s.join(room, 'ada');
  await ada.call('publishTone', 440);
  const open = async () => {
    const page = await s.page('about:blank');
    await page.route('**/dev/token*', (route) => route.fulfill({ status: 404, body: '404 page not found' }));
    await page.goto(`${s.daemon.http}/admin/`);
    return page;
  };
  const byToken = await open();
  await byToken.fill('[name=token]', 'nonsense');
  await byToken.click('text=Look >> nth=0');
  await byToken.waitForSelector('.error:has-text("invalid authorization token")');
  await byToken.fill('[name=token]', admin(room));
  await byToken.click('text=Look >> nth=0');
  await byToken.waitForSelector(`[data-room="${room}"]`);
  await byToken.reload();
  await byToken.waitForSelector(`[data-room="${room}"]`);
  await byToken.click('text=Sign out');
  await byToken.waitForSelector('[name=token]');
  // A token for one room shows that one.
  await byToken.fill('[name=token]', rawToken({ video: { roomAdmin: true, room } }));
  await byToken.click('text=Look >> nth=0');
  await byToken.waitForSelector('.participant[data-identity="ada"]');

  const byKey = await open();
  const sent = [];
  byKey.on('request', (request) => sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`));
  if (process.env.E2E_SCREENSHOTS) await byKey.screenshot({ path: `${process.env.E2E_SCREENSHOTS}/admin_sign_in.png` });
  await byKey.fill('[name=key]', kKey);
  await byKey.fill('[name=secret]', 'not the secret');
  await byKey.click('text=Look >> nth=1');
  await byKey.waitForSelector('.error:has-text("invalid authorization token")');
  await byKey.fill('[name=secret]', kSecret);
  await byKey.click('text=Look >> nth=1');
  await byKey.click(`[data-room="${room}"]`);
  await byKey.waitForSelector('.participant[data-identity="ada"]');
  assert.ok(sent.length > 2);
  for (const request of sent) assert.doesNotMatch(request, /not the secret/, 'the secret leaves the page');
});
