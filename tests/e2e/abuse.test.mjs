// SPDX-License-Identifier: LGPL-2.1-or-later
//
// People who want to harm the server, and a call beside it that goes on: 20 frames a second, nothing that is heard
// pauses for more than 200 ms, memory is bounded, and others can join. What is malformed is in hostile.test.mjs.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { RoomServiceClient } from 'livekit-server-sdk';

import { askWithoutReading, finish, floodJoins, incompressible, openIdle, sendLargeBodies, slowLoris } from './lib/attacks.mjs';
import { besideAWatchedCall } from './lib/beside.mjs';
import { builtProgram, freeTcpPort, freeUdpPort, kKey, kSecret, startDaemon, startProgram } from './lib/daemon.mjs';
import { parseExposition, total } from './lib/exposition.mjs';
import { Networks, moveToOwnNetworks } from './lib/networks.mjs';
import { openWebSocket } from './lib/raw_socket.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken, rawToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const absent = moveToOwnNetworks(import.meta.url);
const skip = absent ? `this machine lets nobody make network namespaces: ${absent}` : false;
const kSeconds = 8;
const kServer = '10.66.0.1';
const kFar = '10.66.0.2';
// Who attacks is not on the machine of the call, but for this test.
const kNice = ['nice', '-n', '19'];

const stage = makeStage(null);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-abuse-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Who attacks is at the other end of a cable. Chromium needs it too, for it takes no loopback. */
function connectFar(networks) {
  networks.add('far');
  networks.link(['here', 'eth0', `${kServer}/24`], ['far', 'eth0', `${kFar}/24`], [kFar]);
  networks.ip('far', `route add default via ${kServer}`);
  for (const device of ['all', 'eth0']) networks.run('here', 'sysctl', '-qw', `net.ipv4.conf.${device}.rp_filter=0`);
}

/** A test with a daemon of its own, which `start` makes, and the networks of connectFar(), where there are some. */
function withDaemon(name, start, run, timeout = 120000) {
  stage.test(name, async (s) => {
    const networks = absent ? null : new Networks();
    try {
      if (networks) connectFar(networks);
      s.daemon = await start();
      await run(s, networks);
      await Promise.all(s.open.splice(0).map((page) => page.context().close()));
    } finally {
      try {
        await s.daemon?.stop();
      } finally {
        s.daemon = null;
        networks?.remove();
      }
    }
  }, { timeout });
}

/** A test with a daemon on loopback; `config`: more of its configuration. */
const attacked = (name, run, config = '') => withDaemon(name, () => startDaemon({ config }), run);

attacked('requests that come a byte at a time', (s) => besideAWatchedCall(s, 'slow loris', async () => {
  const closed = await slowLoris(s.daemon.ports.http, 500, 13000);
  assert.equal(closed, 500);
  return `${closed} connections were closed`;
}));

// libsoup has 8 kB ready for each of the 4,096 that may wait.
attacked('5,000 idle sockets', (s) => besideAWatchedCall(s, 'idle sockets of HTTP', async () => {
  const idle = await openIdle(s.daemon.ports.http, 5000);
  await sleep(1000);
  const open = idle.open();
  await eventually(async () => idle.open() === 0, { timeout: 15000, what: 'they are closed' });
  idle.destroy();
  return `${open} of 5000 at once`;
}, { allowedKb: 65000 }));

attacked('5,000 idle sockets that have asked once', (s) => besideAWatchedCall(s, 'idle sockets of HTTP after a request', async () => {
  const idle = await openIdle(s.daemon.ports.http, 5000, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await sleep(3000);
  const open = idle.open();
  assert.ok(open > 1000 && open <= 4096, `${open} are open`);
  idle.destroy();
  return `${open} of 5000 at once`;
}));

attacked('5,000 idle sockets to the port of ICE/TCP', (s) => besideAWatchedCall(s, 'idle sockets of ICE/TCP', async () => {
  // The beginning of a frame of the largest size.
  const idle = await openIdle(s.daemon.ports.tcp, 5000, Buffer.concat([Buffer.from([0x0f, 0xff]), Buffer.alloc(1500)]));
  await sleep(500);
  const open = idle.open();
  await eventually(async () => idle.open() === 0, { timeout: 15000, what: 'they are closed' });
  idle.destroy();
  return `${open} of 5000 at once`;
}));

attacked('more idle sockets than the daemon may have descriptors', (s) => besideAWatchedCall(s, 'no descriptors left', async () => {
  const limit = s.daemon.descriptors() + 100;
  execFileSync('prlimit', ['--pid', String(s.daemon.pid), `--nofile=${limit}:`]);
  const cpu = s.daemon.processorSeconds();
  const idle = [await openIdle(s.daemon.ports.http, 300), await openIdle(s.daemon.ports.tcp, 300)];
  await sleep(3000);
  assert.ok(s.daemon.descriptors() >= limit - 1, `${s.daemon.descriptors()} of ${limit} are open`);
  const used = s.daemon.processorSeconds() - cpu;
  idle.forEach((some) => some.destroy());
  return `${used.toFixed(2)} s of processor time in 3 s without descriptors`;
}));

const badTokens = [
  () => crypto.randomBytes(200).toString('base64url'),
  () => rawToken({ sub: 'eve', video: { roomJoin: true, room: 'any' } }, { secret: 'guessed' }),
  () => rawToken({ sub: 'eve', exp: 1, video: { roomJoin: true, room: 'any' } }),
  () => rawToken({ sub: 'eve', video: { roomJoin: true, room: 'any' } }, { algorithm: 'none' }),
  () => `${incompressible(6000).replaceAll('+', '-').replaceAll('/', '_')}.${incompressible(4000).replaceAll('+', '-').replaceAll('/', '_')}.x`,
];

attacked('a flood of joins with bad tokens', (s) => besideAWatchedCall(s, 'bad tokens', async () => {
  const logged = s.daemon.log().length;
  let turn = 0;
  const statuses = await floodJoins(s.daemon.ports.http, () => badTokens[(turn += 1) % badTokens.length](), {
    perSecond: 1000, milliseconds: kSeconds * 1000,
  });
  assert.deepEqual(Object.keys(statuses), ['401']);
  assert.ok(statuses[401] > 2000, `${statuses[401]} were answered`);
  assert.ok(s.daemon.log().length - logged < 5000, `${s.daemon.log().length - logged} bytes of log`);
  return `${statuses[401]} refused`;
}));

// 10 MB is what a body may have, 64 MB all of them together; what grows with one has room for up to twice as much.
attacked('requests with large bodies', (s) => besideAWatchedCall(s, 'large bodies', async () => {
  const path = '/twirp/livekit.RoomService/CreateRoom';
  const fit = await sendLargeBodies(s.daemon.ports.http, path, 20, 10_000_000, 4000);
  assert.deepEqual(fit, { 400: 6, 503: 14 });
  const tooLarge = await sendLargeBodies(s.daemon.ports.http, path, 20, 11_000_000, 4000);
  assert.deepEqual(tooLarge, { 413: 20 });
  return `20 of 10 MB: ${JSON.stringify(fit)}, 20 of 11 MB: ${JSON.stringify(tooLarge)}`;
}, { allowedKb: 160000 }));

/**
 * A test in networks: the daemon and the call are at one end of a cable, who attacks at the other. `rtc`: more of the
 * daemon's configuration.
 */
function inNetworks(name, rtc, run) {
  if (skip) {
    test(name, { skip }, () => {});
    return;
  }
  withDaemon(name, async () => {
    const ports = { http: await freeTcpPort(), udp: await freeUdpPort(), tcp: await freeTcpPort() };
    const file = path.join(folder, 'livekit.yaml');
    fs.writeFileSync(file, `port: ${ports.http}\nkeys: {${kKey}: ${kSecret}}\n`
      + `rtc: {udp_port: ${ports.udp}, tcp_port: ${ports.tcp}, ${rtc}}\n`);
    return startProgram(['--config', file], { ports });
  }, run);
}

for (const kind of ['stun', 'dtls']) {
  // The call is at the address that is attacked, not at that of loopback.
  inNetworks(`a flood of ${kind.toUpperCase()} from addresses that nobody has`, `ips: {includes: [${kServer}/32]}`, (s, networks) =>
    besideAWatchedCall(s, `${kind} flood`, async () => {
      const sentBack = () => JSON.parse(networks.run('here', 'ip', '-json', '-s', 'link', 'show', 'eth0'))[0].stats64.tx.packets;
      const before = sentBack();
      const sent = Number(await finish(networks.words('far', ...kNice, builtProgram('tests/support/udp_flood'), kind, kServer,
        String(s.daemon.ports.udp), '50000', String(kSeconds))));
      const answered = sentBack() - before;
      assert.ok(sent > 10000 * kSeconds, `${sent} were sent`);
      assert.ok(answered < 100, `${answered} packets went back to who asked for nothing`);
      return `${Math.round(sent / kSeconds)} datagrams a second, ${answered} packets back`;
    }));
}

const publish = (s, room, megabits) => finish([...kNice, builtProgram('tests/bench/publish'), '--http', String(s.daemon.ports.http),
  '--udp', String(s.daemon.ports.udp), '--room', room, '--identity', 'rude', '--megabits', String(megabits), '--seconds', String(kSeconds)]);

attacked('a publisher at 200 Mbit/s in another room', (s) => besideAWatchedCall(s, '200 Mbit/s in another room', async () => {
  const { megabits, packets, failure } = JSON.parse(await publish(s, freshRoom('rude'), 200));
  assert.equal(failure, '');
  assert.ok(megabits > 100, `${megabits} Mbit/s were sent`);
  return `${megabits} Mbit/s, ${packets} packets`;
}));

attacked('a publisher at 200 Mbit/s in the room, who may send 3', (s) => besideAWatchedCall(s, '200 Mbit/s, limited to 3', async (room) => {
  const { megabits, packets } = JSON.parse(await publish(s, room, 200));
  assert.ok(megabits > 100, `${megabits} Mbit/s were sent`);
  const text = await (await fetch(`${s.daemon.http}/metrics`)).text();
  const dropped = total(parseExposition(text), 'livekit_packet_over_limit_total');
  assert.ok(dropped > packets * 0.8, `${dropped} of ${packets} were dropped`);
  return `${megabits} Mbit/s, ${dropped} of ${packets} packets dropped`;
}), 'limit: {publish_bitrate: 3000000}');

/** Somebody who subscribes to everything, in a process that can be stopped; `wrap`: where it runs. */
async function startReader(url, room, wrap = (...words) => words) {
  const script = new URL('./lib/data_counter.mjs', import.meta.url).pathname;
  const [program, ...words] = wrap(...kNice, process.execPath, script, url, joinToken(room, 'reader'));
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let joined = false;
  child.stdout.on('data', () => { joined = true; });
  await eventually(async () => joined, { what: 'the reader has joined' });
  return child;
}

attacked('a participant that stops to read', (s) => besideAWatchedCall(s, 'a participant that stops', async (room) => {
  const reader = await startReader(s.daemon.url, room);
  await sleep(2000);
  reader.kill('SIGSTOP');
  await sleep(kSeconds * 1000);
  reader.kill('SIGKILL');
}, { givesBackMs: 40000 }));

// 8 MB is what may wait for each of them.
attacked('WebSockets that read nothing of what is said', (s) => besideAWatchedCall(s, 'WebSockets that read nothing', async () => {
  const room = freshRoom('deaf');
  const deaf = await Promise.all(Array.from({ length: 5 }, (_, i) =>
    openWebSocket(s.daemon, `/rtc?access_token=${joinToken(room, `deaf-${i}`)}&protocol=15`)));
  for (const socket of deaf) socket.pause();
  const backend = new RoomServiceClient(s.daemon.http, kKey, kSecret);
  for (let i = 0; i < 40; i += 1) await backend.updateRoomMetadata(room, incompressible(500_000));
  await eventually(async () => (await backend.listParticipants(room)).length === 0 || /does not read/.test(s.daemon.log()), {
    what: 'they are given up',
  });
  for (const socket of deaf) socket.destroy();
  return `${40 * 500} kB were said to each of 5`;
}, { allowedKb: 90000, givesBackMs: 40000 }));

attacked('requests whose answers are not read', (s) => besideAWatchedCall(s, 'answers that are not read', async () => {
  const destroy = askWithoutReading(s.daemon.ports.http, 100, 2000, '/metrics');
  await sleep(kSeconds * 1000);
  destroy();
}));

inNetworks('a participant by ICE over TCP that stops to read', 'enable_loopback_candidate: true', (s, networks) =>
  besideAWatchedCall(s, 'ICE over TCP that is not read', async () => {
    const room = freshRoom('tcp-reader');
    networks.filter('far', 'table ip far {\nchain outwards {\ntype filter hook output priority filter;\nmeta l4proto udp drop;\n}\n}\n');
    const reader = await startReader(`ws://${kServer}:${s.daemon.ports.http}`, room, (...words) => networks.words('far', ...words));
    const published = publish(s, room, 20);
    const waits = () => networks.run('here', 'ss', '-Htn', 'sport', '=', `:${s.daemon.ports.tcp}`, 'dst', kFar).trim().split(/\s+/);
    await eventually(async () => waits()[0] === 'ESTAB', { timeout: 10000, what: 'it is connected by TCP' });
    await sleep(1500);
    reader.kill('SIGSTOP');
    await published;
    const [, , queued] = waits();
    reader.kill('SIGKILL');
    assert.ok(Number(queued) > 100_000, `${queued} bytes wait for it`);
    return `${queued} bytes wait in its socket`;
  }, { givesBackMs: 40000 }));

const turnPort = await freeTcpPort();
const kPrivate = ['10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '127.0.0.2', '0.0.0.1', '100.64.0.1', '224.0.0.1', '240.0.0.1'];

attacked('TURN clients that ask for peers that are not public', (s) => besideAWatchedCall(s, 'TURN to private peers', async () => {
  let asked = 0;
  // One alone has only so many allocations.
  const ask = async (peer) => {
    const user = `${Math.floor(Date.now() / 1000) + 600}:eve-${asked += 1}`;
    const password = crypto.createHmac('sha1', 'shared').update(user).digest('base64');
    const words = ['turnutils_uclient', '-u', user, '-w', password, '-p', String(turnPort), '-e', peer, '-r', '7880', '-n', '3', '-c', '127.0.0.1'];
    return finish(words, { timeout: 20000 }).catch((error) => error.message);
  };
  const end = performance.now() + kSeconds * 1000;
  while (performance.now() < end) {
    for (const text of await Promise.all(kPrivate.map(ask))) {
      assert.doesNotMatch(text, /tot_recv_msgs=[1-9]/);
      assert.match(text, /403 \(Forbidden IP\)/);
    }
  }
  return `${asked} peers refused`;
}), `turn: {enabled: true, domain: localhost, udp_port: ${turnPort}, bind_addresses: [127.0.0.1], secret: shared}`);
