// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What /metrics says of a call, on the API port and on prometheus.port.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';

import { assertTalk } from './lib/checks.mjs';
import { parseExposition, total } from './lib/exposition.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const probe = net.createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address();
probe.close();
await once(probe, 'close');

const stage = makeStage({ config: `prometheus:\n  port: ${port}\n  username: prom\n  password: "pa:ss"` });
const kCredentials = { authorization: `Basic ${Buffer.from('prom:pa:ss').toString('base64')}` };

async function scrape(base) {
  const response = await fetch(`${base}/metrics`, { headers: kCredentials });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  return parseExposition(await response.text());
}

stage.test('metrics follow a call from its first to its last participant', async (s) => {
  const dashboard = fs.readFileSync(new URL('../../sfu/metrics/grafana.json', import.meta.url), 'utf8');
  const asked = new Set(dashboard.match(/\b(livekit|process)_[a-z_]+/g).map((name) => name.replace(/_bucket$/, '')));
  const own = `http://127.0.0.1:${port}`;
  const before = await scrape(own);
  assert.equal(total(before, 'livekit_room_total'), 0);
  assert.ok(total(before, 'process_resident_memory_bytes') > 1e6);

  const room = freshRoom('metrics');
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob', { client: 'v2_0' });
  await Promise.all([ada.call('publish'), bob.call('publish')]);
  await assertTalk(ada, bob);
  await sleep(2000);  // The elements' figures are made once a second.
  const call = await scrape(s.daemon.http);
  assert.equal(total(call, 'livekit_room_total'), 1);
  assert.equal(total(call, 'livekit_participant_total'), 2);
  assert.equal(total(call, 'livekit_participant_join_total', { state: 'rtc_active' }), 2);
  for (const name of asked) assert.ok(call.has(name), `the dashboard asks for ${name}`);
  for (const kind of ['AUDIO', 'VIDEO']) {
    assert.equal(total(call, 'livekit_track_published_total', { kind }), 2, kind);
    assert.equal(total(call, 'livekit_track_subscribed_total', { kind }), 2, kind);
  }
  assert.equal(total(call, 'livekit_session_start_time_ms'), 2);
  for (const direction of ['incoming', 'outgoing']) {
    const packets = total(call, 'livekit_packet_total', { direction });
    const bytes = total(call, 'livekit_packet_bytes', { direction });
    assert.ok(packets > 200 && bytes > 20 * packets && bytes < 1500 * packets, `${direction} ${packets} ${bytes}`);
    assert.ok(total(call, 'livekit_jitter_us', { direction, source: 'CAMERA', type: 'VIDEO' }) > 0, direction);
  }
  await sleep(2000);
  const later = await scrape(own);
  const growth = total(later, 'livekit_packet_total') - total(call, 'livekit_packet_total');
  assert.ok(growth > 100 && growth < 5000, `${growth} packets in two seconds`);

  await Promise.all([ada, bob].map((participant) => participant.close()));
  await eventually(async () => total(await scrape(own), 'livekit_participant_total') === 0, {
    timeout: 40000, what: 'both are gone',
  });
  const after = await scrape(own);
  assert.equal(total(after, 'livekit_track_published_total'), 0);
  assert.equal(total(after, 'livekit_session_duration_ms'), 2);
  assert.ok(total(after, 'livekit_packet_total') >= total(later, 'livekit_packet_total'));
}, { timeout: 85000 });

stage.test('who does not know the password gets no figures', async (s) => {
  for (const base of [s.daemon.http, `http://127.0.0.1:${port}`]) {
    const response = await fetch(`${base}/metrics`);
    assert.equal(response.status, 401);
    assert.match(response.headers.get('www-authenticate'), /^Basic realm=/);
    assert.doesNotMatch(await response.text(), /livekit_/);
  }
});
