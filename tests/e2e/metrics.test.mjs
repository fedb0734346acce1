// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What /metrics says of a call, on the API port and on prometheus.port.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';

import { RoomServiceClient } from 'livekit-server-sdk';

import { assertSees, assertTalk } from './lib/checks.mjs';
import { kKey, kSecret } from './lib/daemon.mjs';
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

const seen = new Set();  // names of metrics

async function scrape(base) {
  const response = await fetch(`${base}/metrics`, { headers: kCredentials });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const metrics = parseExposition(await response.text());
  for (const name of metrics.keys()) seen.add(name);
  return metrics;
}

stage.test('metrics follow a call from its first to its last participant', async (s) => {
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
  // What they asked for, and how long it took.
  assert.equal(total(call, 'livekit_session_join_latency_ms'), 2);
  assert.equal(total(call, 'livekit_participant_join_total', { state: 'signal_connected' }), 2);
  assert.equal(total(call, 'livekit_node_service_operation', { type: 'participant_join', status: 'success' }), 2);
  assert.ok(total(call, 'livekit_node_service_operation', { type: 'answer', status: 'success' }) >= 2);
  assert.equal(total(call, 'livekit_track_publish_counter', { state: 'attempt' }), 4);
  assert.equal(total(call, 'livekit_track_publish_counter', { state: 'success' }), 4);
  assert.equal(total(call, 'livekit_track_subscribe_counter', { state: 'attempt' }), 4);
  assert.equal(total(call, 'livekit_track_subscribe_counter', { state: 'success' }), 4);
  assert.equal(total(call, 'livekit_pubsubtime_ms', { direction: 'publish', sdk: 'JS' }), 4);
  assert.equal(total(call, 'livekit_pubsubtime_ms', { direction: 'subscribe', kind: 'STANDARD' }), 4);
  for (const direction of ['request', 'response'])
    assert.ok(total(call, 'livekit_node_messages', { direction, status: 'success' }) > 8, direction);
  // Forwarding: every packet that went to a subscriber, and no slower than a busy machine is.
  const forwarded = total(call, 'livekit_forward_latency_ns');
  assert.ok(forwarded >= total(call, 'livekit_packet_total', { direction: 'outgoing' }), `${forwarded}`);
  const latency = total(call, 'livekit_forward_latency');
  assert.ok(latency > 1000 && latency < 50e6, `${latency} ns`);
  assert.ok(total(call, 'livekit_forward_jitter') > 0);
  for (const name of ['livekit_packet_out_of_order_total', 'livekit_fir_total', 'livekit_node_packet_total'])
    assert.ok(call.has(name), name);
  assert.ok(total(call, 'livekit_packet_out_of_order_percent', { source: 'CAMERA', direction: 'incoming' }) > 0);
  const rss = total(call, 'livekit_process_rss') / 1024;
  assert.ok(Math.abs(rss - s.daemon.residentKb()) < 0.2 * rss, `${rss} kB`);

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

stage.test('a stream of bytes, an API call and a change of layers move their metrics', async (s) => {
  const before = await scrape(s.daemon.http);
  const growth = (after, name, labels) => total(after, name, labels) - total(before, name, labels);
  const room = freshRoom('moves');
  const [ada, bob] = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  await bob.call('listenText', 'topic');
  await ada.call('sendText', 'x'.repeat(3000), { topic: 'topic', destinationIdentities: ['bob'] });
  const service = new RoomServiceClient(s.daemon.http, kKey, kSecret);
  await service.listRooms();
  await assert.rejects(service.getParticipant(room, 'nobody'));
  await ada.call('publish', { camera: true, videoOptions: { simulcast: true, videoCodec: 'vp8' } });
  await assertSees(bob, 'ada');
  await bob.call('setQuality', 'ada', 'LOW');
  await eventually(async () => growth(await scrape(s.daemon.http), 'livekit_quality_switch_total', { direction: 'down' }) > 0,
    { timeout: 20000, what: 'a lower layer' });
  await bob.call('setQuality', 'ada', 'HIGH');
  await eventually(async () => growth(await scrape(s.daemon.http), 'livekit_quality_switch_total', { direction: 'up' }) > 0,
    { timeout: 20000, what: 'a higher layer' });
  const after = await scrape(s.daemon.http);
  assert.equal(growth(after, 'livekit_datapacket_stream_bytes', { type: 'text' }), 1);
  assert.equal(growth(after, 'livekit_datapacket_stream_dest_count', { type: 'text' }), 1);
  assert.equal(growth(after, 'livekit_node_twirp_request_status', { method: 'ListRooms', status: '200' }), 1);
  assert.equal(growth(after, 'livekit_node_twirp_request_status', { method: 'GetParticipant', status: '4xx', code: 'not_found' }), 1);
  assert.equal(growth(after, 'livekit_node_twirp_request_latency_ms', { service: 'RoomService' }), 2);
}, { timeout: 85000 });

stage.test('prometheus.port has them at every path', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: kCredentials });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /^livekit_/m);
});

stage.test('who does not know the password gets no figures', async (s) => {
  for (const base of [s.daemon.http, `http://127.0.0.1:${port}`]) {
    const response = await fetch(`${base}/metrics`);
    assert.equal(response.status, 401);
    assert.match(response.headers.get('www-authenticate'), /^Basic realm=/);
    assert.doesNotMatch(await response.text(), /livekit_/);
  }
});

stage.test('the dashboard asks for what was there', async () => {
  const dashboard = fs.readFileSync(new URL('../../sfu/metrics/grafana.json', import.meta.url), 'utf8');
  const asked = new Set(dashboard.match(/\b(livekit|process)_[a-z_]+/g).map((name) => name.replace(/_bucket$/, '')));
  for (const name of asked) assert.ok(seen.has(name), `the dashboard asks for ${name}`);
});
