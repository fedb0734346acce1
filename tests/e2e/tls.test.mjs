// SPDX-License-Identifier: LGPL-2.1-or-later
//
// HTTPS and WSS by the daemon itself: calls through it, a certificate that is renewed meanwhile, and
// what a wrong configuration is told.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { after, test } from 'node:test';

import { certificateFolder, shownCertificate } from './lib/certificates.mjs';
import { assertTalk } from './lib/checks.mjs';
import { getUnverified } from './lib/daemon.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const files = certificateFolder();
const first = files.renew();
after(() => files.remove());

const stage = makeStage(
  { tls: true, config: `tls:\n  cert_file: ${files.certificate}\n  key_file: ${files.key}` },
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
