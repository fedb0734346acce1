// SPDX-License-Identifier: LGPL-2.1-or-later
//
// HTTPS and WSS by the daemon itself: calls through it, a certificate that is renewed meanwhile, and
// what a wrong configuration is told.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { after, test } from 'node:test';
import tls from 'node:tls';

import { clientHello, openIdle } from './lib/attacks.mjs';
import { certificateFolder, shownCertificate } from './lib/certificates.mjs';
import { assertTalk } from './lib/checks.mjs';
import { freeTcpPort, freeUdpPort, getUnverified, kKey, startDaemon } from './lib/daemon.mjs';
import { openWebSocket } from './lib/raw_socket.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';
import { startReceiver } from './lib/webhook_receiver.mjs';

const files = certificateFolder();
const first = files.renew();
after(() => files.remove());

const kTls = `tls:\n  cert_file: ${files.certificate}\n  key_file: ${files.key}\n`;

const stage = makeStage(
  { tls: true, config: kTls },
  ['--ignore-certificate-errors'],
);

stage.test('a certificate is renewed under a call, and only new connections notice', async (s) => {
  assert.match(s.daemon.url, /^wss:/);
  const room = freshRoom('tls');
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob', { client: 'v2_0' });
  await Promise.all([ada.call('publish'), bob.call('publish')]);
  await assertTalk(ada, bob);
  assert.equal(await shownCertificate(s.daemon.ports.http), first);

  const second = files.renew();
  assert.notEqual(second, first);
  await eventually(async () => (await shownCertificate(s.daemon.ports.http)) === second, {
    timeout: 10000, what: 'new connections get the new certificate',
  });
  await assertTalk(ada, bob);
  await ada.call('sendData', 'over the same socket', { reliable: true });
  const eve = await s.join(room, 'eve');
  await eve.call('publish');
  await assertTalk(ada, eve);
  for (const participant of [ada, bob]) {
    assert.doesNotMatch(participant.page.printed.join('\n'), /reconnect/i, participant.identity);
  }
});

stage.test('the page comes over HTTPS, where browsers allow cameras', async (s) => {
  const page = await s.page(`${s.daemon.http}/`);
  assert.equal(await page.evaluate(() => window.isSecureContext && location.protocol), 'https:');
});

const login = (daemon, room = freshRoom('tls')) => openWebSocket(daemon, `/rtc?access_token=${joinToken(room, 'ada')}&protocol=15`);

/** People who connect and go no further than `greeting`. */
async function assertLogsInBeside(daemon, count, greeting) {
  const idle = await openIdle(daemon.ports.http, count, greeting);
  await sleep(300);
  const start = performance.now();
  const socket = await login(daemon);
  const took = performance.now() - start;
  const open = idle.open();
  idle.destroy();
  socket.destroy();
  assert.ok(took < 2000, `a login took ${took} ms`);
  return open;
}

stage.test('who connects and says nothing keeps nobody from logging in', async (s) => {
  assert.equal(await assertLogsInBeside(s.daemon, 200, ''), 200);
});

stage.test('who stops in the handshake keeps nobody from logging in', async (s) => {
  await assertLogsInBeside(s.daemon, 200, await clientHello());
});

test('nor does either at the port of everything', { timeout: 60000 }, async () => {
  const port = await freeTcpPort();
  const daemon = await startDaemon({ tls: true, ports: { http: port, tcp: port, udp: await freeUdpPort() }, config: kTls });
  try {
    assert.equal(await assertLogsInBeside(daemon, 200, Buffer.from([22])), 200);
    await assertLogsInBeside(daemon, 200, await clientHello());
  } finally {
    await daemon.stop();
  }
});

/** Asks for more than fits, and reads nothing of it. */
async function askWithoutReading(port) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {}).pause();
  await once(socket, 'secureConnect');
  socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2000));
  return socket;
}

test('the daemon waits for nobody at its end, and tells its webhooks', { timeout: 60000 }, async () => {
  const receiver = await startReceiver();
  const daemon = await startDaemon({ tls: true, config: `${kTls}webhook:\n  urls: ["${receiver.url}"]\n  api_key: ${kKey}\n` });
  try {
    const socket = await login(daemon);
    const told = (name) => eventually(() => receiver.names.includes(name), { what: name });
    await told('room_started');
    const idle = [await askWithoutReading(daemon.ports.http), await openIdle(daemon.ports.http, 30),
      await openIdle(daemon.ports.http, 30, await clientHello())];
    await sleep(500);
    daemon.signal('SIGTERM');
    await eventually(() => daemon.log().includes('draining'), { what: 'the first signal is taken' });
    daemon.signal('SIGTERM');
    assert.deepEqual(await Promise.race([daemon.exited, sleep(4000)]), { code: 0, signal: null });
    assert.ok(receiver.names.includes('room_finished'), receiver.names.join());
    for (const one of [socket, ...idle]) one.destroy();
  } finally {
    await daemon.kill();
    await receiver.stop();
  }
});

stage.test('a pair that does not fit leaves the old one', async (s) => {
  const before = await shownCertificate(s.daemon.ports.http);
  fs.writeFileSync(files.key, 'broken');
  await eventually(() => s.daemon.log().includes('holds no private key that can be read'), {
    timeout: 10000, what: 'the log names the file',
  });
  assert.equal(await shownCertificate(s.daemon.ports.http), before);
  assert.equal((await getUnverified(`${s.daemon.http}/healthz`)).body, 'OK');
});

test('a missing certificate is one line with key, file and remedy', () => {
  const { status, stderr } = spawnSync(process.env.LIVEKIT_SFU, ['--dev', '--port', '0', '--rtc.tcp_port', '0',
    '--tls.cert_file', '/nowhere/cert.pem', '--tls.key_file', '/nowhere/key.pem', '--udp-port', '0'], { encoding: 'utf8', timeout: 10000 });
  assert.equal(status, 1);
  assert.match(stderr, /livekit-sfu: tls\.cert_file: cannot read \/nowhere\/cert\.pem: no such file; name the PEM file of the certificate and its chain\n$/);
});
