// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The TURN server that the daemon runs (coturn): calls through it over UDP, TCP and TLS, whom it lets
// to where, and that it is there again after its end. `turnutils_uclient` is coturn's own client.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { after, test } from 'node:test';

import { throughRelay } from './lib/candidates.mjs';
import { certificateFolder, shownCertificate } from './lib/certificates.mjs';
import { assertTalk } from './lib/checks.mjs';
import { freeTcpPort, freeUdpPort, kSecret, startDaemon } from './lib/daemon.mjs';
import { startRelay } from './lib/relay.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const files = certificateFolder();
files.renew();
after(() => files.remove());
const ports = { plain: await freeTcpPort(), tls: await freeTcpPort() };
const kTurnSecret = 'shared-with-a-backend';

const stage = makeStage({
  tls: true,
  config: `
logging: {component_levels: {room: debug}}
tls: {cert_file: ${files.certificate}, key_file: ${files.key}}
turn:
  enabled: true
  domain: localhost
  udp_port: ${ports.plain}
  tls_port: ${ports.tls}
  bind_addresses: [127.0.0.1]
  relay_range_start: 20000
  relay_range_end: 20999
  secret: ${kTurnSecret}`,
}, ['--ignore-certificate-errors']);

const routes = async (one) => [...new Set(await one.call('routes'))];

/** What the join response says of TURN, as livekit-client passes it on. */
const iceServers = (one) => one.page.evaluate(() => window.room.engine.latestJoinResponse.iceServers.map(
  ({ urls, username, credential }) => ({ urls, username, credential })));

/** As a backend makes them: https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00 */
function credentials({ seconds = 60, secret = kTurnSecret } = {}) {
  const user = `${Math.floor(Date.now() / 1000) + seconds}:backend`;
  return { user, password: crypto.createHmac('sha1', secret).update(user).digest('base64') };
}

/** A client of coturn's sends three messages through the relay to a peer; what it printed. */
function relayTo(peer, { user, password }, port, ...more) {
  const [host, peerPort] = peer.split(':');
  return new Promise((resolve) => {
    execFile('turnutils_uclient', ['-u', user, '-w', password, '-p', String(port), '-e', host, '-r', peerPort, '-n', '3', '-c',
      ...more, '127.0.0.1'], { timeout: 20000 }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

for (const client of ['newest', 'v2_0']) {
  for (const protocol of ['udp', 'tcp', 'tls']) {
    if (client === 'v2_0' && protocol !== 'tls') continue;
    stage.test(`${client}: a call works through TURN over ${protocol}`, async (s) => {
      const room = freshRoom('turn');
      const bob = await s.join(room, 'bob');
      const [{ urls, username, credential }] = await iceServers(bob);
      assert.deepEqual(urls, [`turn:127.0.0.1:${ports.plain}?transport=udp`, `turn:127.0.0.1:${ports.plain}?transport=tcp`,
        `turns:localhost:${ports.tls}?transport=tcp`]);
      const only = urls.filter((url) => (protocol === 'tls' ? url.startsWith('turns:') : url.startsWith('turn:') && url.endsWith(protocol)));
      const ada = await s.join(room, 'ada', {
        client,
        options: { connect: { rtcConfig: { iceTransportPolicy: 'relay', iceServers: [{ urls: only, username, credential }] } } },
      });
      await Promise.all([ada.call('publish'), bob.call('publish')]);
      await assertTalk(ada, bob);
      assert.deepEqual(await routes(ada), [`relay/${protocol}`]);
      assert.deepEqual(await routes(bob), ['host']);
    });
  }
}

stage.test('credentials are of the participant, end, and are accepted', async (s) => {
  const ada = await s.join(freshRoom('turn'), 'ada');
  const [{ username, credential }] = await iceServers(ada);
  const sid = await ada.page.evaluate(() => window.room.localParticipant.sid);
  const [end, of] = username.split(':');
  assert.equal(of, sid);
  assert.ok(Math.abs(Number(end) - Date.now() / 1000 - 300) < 60, username);
  assert.equal(credential, crypto.createHmac('sha1', kTurnSecret).update(username).digest('base64'));
});

stage.test('only the SFU is reached of what is not public, and only with credentials that are valid', async (s) => {
  const sfu = dgram.createSocket('udp4');  // Stands for it: it answers what it gets.
  sfu.on('message', (message, { port, address }) => sfu.send(message, port, address));
  await new Promise((resolve) => { sfu.bind(0, '127.0.0.1', resolve); });
  const peer = `127.0.0.1:${sfu.address().port}`;
  const reached = /tot_recv_msgs=3/;
  assert.match(await relayTo(peer, credentials(), ports.plain), reached);
  assert.match(await relayTo(peer, credentials(), ports.plain, '-t'), reached);
  const [private10, loopback, expired, wrong] = await Promise.all([
    relayTo('10.1.2.3:5000', credentials(), ports.plain),
    relayTo(`127.0.0.2:${sfu.address().port}`, credentials(), ports.plain),
    relayTo(peer, credentials({ seconds: -5 }), ports.plain),
    relayTo(peer, credentials({ secret: 'another' }), ports.plain),
  ]);
  sfu.close();
  assert.match(private10, /403 \(Forbidden IP\)/);
  assert.match(loopback, /403 \(Forbidden IP\)/);
  assert.match(expired, /Cannot complete Allocation/);
  assert.match(wrong, /Cannot complete Allocation/);
  assert.ok(!s.daemon.log().includes(kTurnSecret));
});

for (const client of ['newest', 'v2_0']) {
  stage.test(`${client}: a client that is sent to TLS uses nothing but it`, async (s) => {
    const room = freshRoom('force-tls');
    const ada = await s.join(room, 'ada', { client });
    const bob = await s.join(room, 'bob');
    await Promise.all([ada.call('publish'), bob.call('publish')]);
    await assertTalk(ada, bob);
    assert.deepEqual(await routes(ada), ['host']);
    await ada.page.evaluate(() => { window.room.simulateScenario('force-tls'); });
    await eventually(async () => String(await routes(ada)) === 'relay/tls', { timeout: 20000, what: 'ada comes through TURN over TLS' });
    await assertTalk(ada, bob);
    assert.deepEqual(await ada.page.evaluate(() => window.room.engine.latestJoinResponse.iceServers.flatMap(({ urls }) => urls)),
      [`turns:localhost:${ports.tls}?transport=tcp`]);
    await ada.page.evaluate(() => { window.room.simulateScenario('force-tcp'); });
    await eventually(async () => String(await ada.call('protocols')).startsWith(`tcp:${s.daemon.ports.tcp}`), {
      timeout: 20000, what: 'ada comes by ICE over TCP',
    });
    await assertTalk(ada, bob);
  });
}

// TCP is blocked as well: throughRelay() hides it.
stage.test('a client whose UDP stops working is led to TURN over TLS', async (s) => {
  const relay = await startRelay(s.daemon.ports.udp, {});
  const room = freshRoom('blocked');
  const eva = await s.join(room, 'eva', { before: throughRelay(relay.port) });
  const bob = await s.join(room, 'bob');
  await Promise.all([eva.call('publish'), bob.call('publish')]);
  await assertTalk(eva, bob);
  // Her name is nobody else's here: the log is that of all tests.
  relay.freeze();
  await eventually(() => /eva .*from now on by TCP/.test(s.daemon.log()), { timeout: 30000, what: 'the server sees it fail' });
  await eventually(() => /eva .*from now on by TURN over TLS/.test(s.daemon.log()), { timeout: 30000, what: 'TCP fails as well' });
  relay.thaw();  // TURN reaches the SFU where the page was told that it is.
  await eventually(async () => String(await routes(eva)) === 'relay/tls', { timeout: 30000, what: 'eva comes through TURN over TLS' });
  await assertTalk(eva, bob);
  assert.deepEqual(await bob.call('events', 'ParticipantDisconnected'), []);
  await relay.stop();
}, { timeout: 120000 });

stage.test("livekit-client's own connection test finds nothing wrong", async (s) => {
  const page = await s.join('', 'ada', { connect: false });
  const found = await page.call('checkConnection', s.daemon.url, joinToken(freshRoom('check'), 'ada'));
  for (const [name, { status, logs }] of Object.entries(found)) assert.equal(status, 'SUCCESS', `${name}: ${logs.join('; ')}`);
  const warnings = Object.values(found).flatMap(({ logs }) => logs).filter((line) => !line.startsWith('info'));
  assert.deepEqual(warnings, []);
}, { timeout: 120000 });

stage.test('a TURN server that ends is started again, with the certificate of today', async (s) => {
  const turnPid = () => {
    const children = fs.readFileSync(`/proc/${s.daemon.pid}/task/${s.daemon.pid}/children`, 'utf8').trim().split(' ').map(Number);
    return children.find((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'turnserver');
  };
  const first = turnPid();
  assert.ok(first);
  const config = fs.readFileSync(`/proc/${first}/cmdline`, 'utf8').split('\0').find((word) => word.endsWith('.conf'));
  assert.equal(fs.statSync(config).mode & 0o777, 0o600);
  const renewed = files.renew();
  await eventually(async () => (await shownCertificate(ports.tls)) === renewed, { timeout: 15000, what: 'TURN has the new certificate' });
  assert.equal(turnPid(), first);
  process.kill(first, 'SIGKILL');
  await eventually(() => turnPid() && turnPid() !== first, { timeout: 15000, what: 'another one runs' });
  await eventually(() => shownCertificate(ports.tls).catch(() => null), { timeout: 15000, what: 'it listens' });
  const room = freshRoom('again');
  const ada = await s.join(room, 'ada', { options: { connect: { rtcConfig: { iceTransportPolicy: 'relay' } } } });
  await eventually(async () => /^relay/.test(String(await routes(ada))), { what: 'ada comes through it' });
});

test('a daemon that is killed leaves no TURN server', { timeout: 60000 }, async () => {
  const udp = await freeUdpPort();
  const config = `turn: {enabled: true, udp_port: ${udp}, bind_addresses: [127.0.0.1]}`;
  const daemon = await startDaemon({ config });
  const children = fs.readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8').trim().split(' ').map(Number);
  const [turn] = children.filter((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'turnserver');
  assert.ok(turn);
  await daemon.kill();
  await eventually(() => !fs.existsSync(`/proc/${turn}`), { what: 'it is gone' });
});

test('UDP and TLS may have one port', { timeout: 60000 }, async () => {
  const port = await freeTcpPort();
  const daemon = await startDaemon({
    config: `turn: {enabled: true, udp_port: ${port}, tls_port: ${port}, domain: localhost, cert_file: ${files.certificate}, ` +
      `key_file: ${files.key}, bind_addresses: [127.0.0.1], secret: ${kTurnSecret}, relay_range_start: 21100, relay_range_end: 21199}`,
  });
  const peer = dgram.createSocket('udp4');
  peer.on('message', (message, { port: from, address }) => peer.send(message, from, address));
  await new Promise((resolve) => { peer.bind(0, '127.0.0.1', resolve); });
  const relayed = (...more) => relayTo(`127.0.0.1:${peer.address().port}`, credentials(), port, ...more);
  await eventually(async () => /tot_recv_msgs=3/.test(await relayed()), { timeout: 30000, what: 'a relay over UDP' });
  assert.match(await relayed('-t', '-S'), /tot_recv_msgs=3/);
  peer.close();
  await daemon.stop();
});

test('where something in front takes TLS off, its port is plain', { timeout: 60000 }, async () => {
  const [udp, tcp] = [await freeTcpPort(), await freeTcpPort()];
  const daemon = await startDaemon({
    config: `turn: {enabled: true, udp_port: ${udp}, tls_port: ${tcp}, external_tls: true, domain: localhost, ` +
      `bind_addresses: [127.0.0.1], secret: ${kTurnSecret}, relay_range_start: 21000, relay_range_end: 21099}`,
  });
  const peer = dgram.createSocket('udp4');
  peer.on('message', (message, { port, address }) => peer.send(message, port, address));
  await new Promise((resolve) => { peer.bind(0, '127.0.0.1', resolve); });
  await eventually(async () => /tot_recv_msgs=3/.test(await relayTo(`127.0.0.1:${peer.address().port}`, credentials(), tcp, '-t')),
    { timeout: 30000, what: 'a relay over plain TCP' });
  assert.match(await relayTo(`127.0.0.1:${peer.address().port}`, credentials(), udp), /tot_recv_msgs=3/);
  // A web server may be there.
  const other = net.createServer().listen(udp, '127.0.0.1');
  await once(other, 'listening');
  other.close();
  peer.close();
  await daemon.stop();
});

test('without coturn the daemon starts and says what to install', { timeout: 60000 }, async () => {
  const daemon = await startDaemon({ config: 'turn: {enabled: true, udp_port: 3478}', env: { PATH: '/nowhere' } });
  assert.match(daemon.log(), /turn\.enabled: there is no program turnserver.*install the Debian package coturn/);
  await daemon.stop();
});
