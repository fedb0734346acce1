// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekit-sfu doctor, as an administrator runs it before the daemon.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { certificateFolder } from './lib/certificates.mjs';
import { startDaemon } from './lib/daemon.mjs';

let folder;
before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-doctor-')); });
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const kSecret = 'a-secret-of-more-than-thirty-two-characters';

/** Runs it with a configuration on loopback; `lines` are what it printed as [verdict, what, remedy]. */
async function doctor(ports, { more = '', secret = kSecret } = {}) {
  const file = path.join(folder, 'livekit.yaml');
  fs.writeFileSync(file, [
    `port: ${ports.http}`, 'bind_addresses: ["127.0.0.1"]', `keys:\n  somebody: ${secret}`, more,
    `rtc:\n  udp_port: ${ports.udp}\n  tcp_port: ${ports.tcp}\n  enable_loopback_candidate: true`,
    '  interfaces:\n    includes: [lo]',
  ].join('\n'));
  const child = spawn(process.env.LIVEKIT_SFU, ['doctor', '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => { output += data; });
  const [code] = await once(child, 'close');
  const lines = output.trim().split('\n').map((line) => /^(ok|warn|fail) +(.*?)(?: — (.*))?$/.exec(line)?.slice(1));
  return { code, output, lines, about: (what) => lines.find((line) => line[1].includes(what)) };
}

/** Sockets on three free ports, as somebody else's. */
async function occupyPorts() {
  const servers = [net.createServer(), net.createServer()];
  const udp = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  for (const server of servers) server.listen(0, '127.0.0.1');
  await Promise.all([udp, ...servers].map((socket) => once(socket, 'listening')));
  return {
    ports: { http: servers[0].address().port, tcp: servers[1].address().port, udp: udp.address().port },
    close: () => Promise.all([udp, ...servers].map((socket) => { socket.close(); return once(socket, 'close'); })),
  };
}

test('ports that somebody has fail with what to change; free ones do not, and the daemon starts on them', { timeout: 60000 }, async () => {
  const { ports, close } = await occupyPorts();
  const busy = await doctor(ports);
  assert.equal(busy.code, 1, busy.output);
  for (const [name, key] of [[`TCP 127.0.0.1 ${ports.http}`, 'port'], [`UDP 127.0.0.1 ${ports.udp}`, 'rtc.udp_port'],
    [`TCP 127.0.0.1 ${ports.tcp}`, 'rtc.tcp_port']]) {
    const [verdict, what, remedy] = busy.about(name);
    assert.equal(verdict, 'fail', busy.output);
    assert.match(what, /in use$/);
    assert.match(remedy, new RegExp(`set ${key.replace('.', '\\.')} to another$`));
  }
  await close();

  const free = await doctor(ports);
  assert.equal(free.code, 0, free.output);
  assert.ok(free.lines.every((line) => line && line[0] !== 'fail'), free.output);
  assert.ok(free.lines.filter(([verdict]) => verdict === 'warn').every(([, , remedy]) => remedy), free.output);
  assert.equal(free.about(`UDP 127.0.0.1 ${ports.udp}`)[0], 'ok');
  const daemon = await startDaemon({ ports });
  const running = await doctor(ports);
  assert.equal(running.about(`UDP 127.0.0.1 ${ports.udp}`)[0], 'fail', running.output);
  await daemon.stop();
});

test('a certificate is judged by what openssl made, and a short secret is not printed', { timeout: 60000 }, async () => {
  const { ports, close } = await occupyPorts();
  await close();
  const files = certificateFolder();
  const other = certificateFolder();
  after(() => { files.remove(); other.remove(); });
  files.renew({ days: 90 });
  other.renew();
  const tls = (key) => `tls:\n  cert_file: ${files.certificate}\n  key_file: ${key}`;

  const good = await doctor(ports, { more: tls(files.key), secret: 'hunter2' });
  assert.equal(good.code, 0, good.output);
  assert.match(good.about('certificate of tls.cert_file')[1], /signed by itself, for 127\.0\.0\.1, localhost$/);
  assert.equal(good.about('keys: the secret of somebody')[0], 'warn');
  assert.ok(!good.output.includes('hunter2'));

  const wrong = await doctor(ports, { more: tls(other.key) });
  assert.equal(wrong.code, 1);
  assert.equal(wrong.about('is not the key of the certificate')[0], 'fail', wrong.output);
});

test('a configuration that the daemon refuses is one line that fails', { timeout: 60000 }, async () => {
  const refused = await doctor({ http: 'seven', udp: 7882, tcp: 7881 });
  assert.equal(refused.code, 1);
  assert.equal(refused.lines.length, 1, refused.output);
  assert.equal(refused.lines[0][0], 'fail');
  assert.match(refused.lines[0][1], /livekit\.yaml:1/);
});
