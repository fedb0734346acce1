// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls through the networks that people have: two participants in a browser that is in one network, the daemon in
// another, and a router between them that translates addresses and lets through what it is told. Each call prints the
// candidates that it used.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { launchBrowser, openPage } from './lib/browser.mjs';
import { certificateFolder } from './lib/certificates.mjs';
import { assertTalk } from './lib/checks.mjs';
import { kKey, kSecret, startProgram } from './lib/daemon.mjs';
import { Networks, addName, moveToOwnNetworks } from './lib/networks.mjs';
import { startSite } from './lib/site.mjs';
import { Participant } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const absent = moveToOwnNetworks(import.meta.url);
const skip = absent ? `this machine lets nobody make network namespaces: ${absent}` : false;

const kServer = '203.0.113.10';
const kTurn = '203.0.113.11';
// The page comes from nowhere, and IPv6's addresses for examples are a local network to Chromium.
const kChromium = ['--ignore-certificate-errors', '--disable-features=LocalNetworkAccessChecks'];

const files = certificateFolder();
files.renew();
const site = await startSite();
const content = await (await fetch(site.url('newest'))).text();
after(async () => {
  files.remove();
  await site.stop();
});

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-networks-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A configuration: `text` but for the keys. */
function configure(text, port = 7880) {
  const file = path.join(folder, 'livekit.yaml');
  fs.writeFileSync(file, `port: ${port}\nkeys: {${kKey}: ${kSecret}}\n${text}`);
  return file;
}

/** The daemon, here. */
const startServer = (text, { port = 7880, tls = false } = {}) =>
  startProgram(['--config', configure(text, port)], { ports: { http: port }, tls });

/** What the router of a home or an office does; `allowed`: of what goes out, as nftables says it. */
const officeRouter = (allowed) => `
  table ip office {
    chain outwards {
      type nat hook postrouting priority srcnat;
      oif "out" masquerade random,fully-random
    }
    chain through {
      type filter hook forward priority filter; policy drop;
      ct state established,related accept
      iif "in" ${allowed} accept
    }
  }`;

/** The daemon at a public address, the browser behind a router. */
function makeOffice(networks, allowed = '') {
  networks.add('router', { forwards: true });
  networks.add('client');
  networks.link(['here', 'eth0', `${kServer}/24`, `${kTurn}/24`], ['router', 'out', '203.0.113.1/24']);
  networks.link(['client', 'eth0', '192.168.1.2/24'], ['router', 'in', '192.168.1.1/24'], ['192.168.1.1']);
  networks.filter('router', officeRouter(allowed));
}

/**
 * A call of two participants in a browser of `client`; what `expected` matches of each of their paths:
 * {type, protocol, remote}.
 */
async function call(t, networks, daemon, url, expected) {
  const browser = await launchBrowser(kChromium, { wrap: (program) => networks.wrap('client', program) });
  const pages = [];
  try {
    const room = freshRoom('networks');
    const [ada, bob] = await Promise.all(['ada', 'bob'].map(async (identity) => {
      const page = await openPage(browser, 'http://localhost/call', { content });
      pages.push(page);
      await page.waitForFunction(() => window.lk);
      const participant = new Participant(page, identity);
      await participant.call('join', url, joinToken(room, identity));
      return participant;
    }));
    await Promise.all([ada.call('publish'), bob.call('publish')]);
    await assertTalk(ada, bob);
    for (const one of [ada, bob]) {
      const brief = ({ type, protocol, remote }) => ({ type, protocol, remote });
      let paths = [];
      // A way that was found first is left for a better one.
      await eventually(async () => {
        paths = await one.call('paths');
        return paths.length > 0 && paths.every((path) => isDeepStrictEqual(brief(path), expected));
      }, { timeout: 10000, what: `the way of ${one.identity}` }).catch(() => assert.deepEqual(paths.map(brief), [expected]));
      for (const { type, protocol, local, remote } of paths)
        t.diagnostic(`${one.identity}: ${type} over ${protocol} from ${local} to ${remote}`);
    }
  } catch (error) {
    const printed = pages.map((page, i) => `page ${i}: ${page.printed.slice(-12).join('\n  ')}`);
    error.message = [error.message, ...printed, daemon.log().slice(-3000)].join('\n');
    throw error;
  } finally {
    await browser.close();
  }
}

/** A test with networks of its own; `run` gives what has to be stopped to `stop`. */
function testIn(name, run) {
  test(name, { skip, timeout: 90000 }, async (t) => {
    const networks = new Networks();
    const ends = [];
    try {
      await run(t, networks, (daemon) => { ends.push(daemon); return daemon; });
    } finally {
      for (const daemon of ends) await daemon.stop();
      networks.remove();
    }
  });
}

testIn('a client behind a symmetric NAT', async (t, networks, stop) => {
  makeOffice(networks);
  // One socket is seen with another port at each place it sends to.
  const seen = JSON.parse(networks.run('here', process.execPath, new URL('./lib/nat_probe.mjs', import.meta.url).pathname,
    kServer, kTurn, ...networks.words('client')));
  assert.notEqual(seen[0], seen[1]);
  const daemon = stop(await startServer('rtc: {udp_port: 7882, tcp_port: 7881, ips: {includes: [203.0.113.10/32]}}'));
  await call(t, networks, daemon, `ws://${kServer}:7880`, { type: 'prflx', protocol: 'udp', remote: `${kServer} 7882` });
});

testIn('UDP is blocked: ICE over TCP', async (t, networks, stop) => {
  makeOffice(networks, 'meta l4proto tcp');
  const daemon = stop(await startServer('rtc: {udp_port: 7882, tcp_port: 7881, ips: {includes: [203.0.113.10/32]}}'));
  await call(t, networks, daemon, `ws://${kServer}:7880`, { type: 'prflx', protocol: 'tcp', remote: `${kServer} 7881` });
});

testIn('everything but TCP 443 is blocked: TURN over TLS', async (t, networks, stop) => {
  makeOffice(networks, 'tcp dport 443');
  addName('turn.example.org', kTurn);
  const daemon = stop(await startServer(`
bind_addresses: [127.0.0.1, ${kServer}]
tls: {cert_file: ${files.certificate}, key_file: ${files.key}}
turn: {enabled: true, domain: turn.example.org, tls_port: 443, bind_addresses: [${kTurn}]}
rtc: {udp_port: 7882, tcp_port: 7881, ips: {includes: [${kServer}/32]}}`, { port: 443, tls: true }));
  await call(t, networks, daemon, `wss://${kServer}`, { type: 'relay', protocol: 'tls', remote: `${kServer} 7882` });
});

testIn('one TCP port for everything, and nothing else is let through: ICE over TCP beside HTTPS', async (t, networks, stop) => {
  makeOffice(networks, 'tcp dport 443');
  const daemon = stop(await startServer(`
tls: {cert_file: ${files.certificate}, key_file: ${files.key}}
rtc: {udp_port: 7882, tcp_port: 443, ips: {includes: [${kServer}/32]}}`, { port: 443, tls: true }));
  const curl = (url) => networks.run('client', 'curl', '-sS', '-k', '-m', '10', '-w', ' %{http_code}', url);
  assert.equal(curl(`https://${kServer}/healthz`), 'OK 200');
  assert.match(curl(`https://${kServer}/rtc/validate`), / 401$/);
  // In the clear it only says how it is.
  assert.equal(curl(`http://${kServer}:443/healthz`), 'OK 200');
  assert.match(curl(`http://${kServer}:443/rtc/validate`), / 404$/);
  await call(t, networks, daemon, `wss://${kServer}`, { type: 'prflx', protocol: 'tcp', remote: `${kServer} 443` });
});

testIn('one TCP port without TLS, bound to one of two addresses', async (t, networks, stop) => {
  makeOffice(networks, 'tcp dport 7880');
  const daemon = stop(await startServer(`
bind_addresses: [127.0.0.1, ${kServer}]
rtc: {udp_port: 7882, tcp_port: 7880}`));
  const curl = (host) => networks.run('client', 'curl', '-sS', '-m', '10', '-w', ' %{http_code}', `http://${host}:7880/rtc/validate`);
  assert.match(curl(kServer), / 401$/);
  assert.match(curl(kTurn), / 404$/);
  await call(t, networks, daemon, `ws://${kServer}:7880`, { type: 'prflx', protocol: 'tcp', remote: `${kServer} 7880` });
});

const kHome = '10.0.0.2';
const kHomePublic = '203.0.113.1';
const kStun = '192.0.2.10';

/** The daemon behind a router that forwards its ports, the browser and a STUN server on the other side. */
function makeHome(networks) {
  networks.add('router', { forwards: true });
  networks.add('client');
  networks.add('stun');
  networks.link(['here', 'eth0', `${kHome}/24`], ['router', 'home', '10.0.0.1/24'], ['10.0.0.1']);
  networks.link(['client', 'eth0', '198.51.100.2/24'], ['router', 'far', '198.51.100.1/24'], ['198.51.100.1']);
  networks.link(['stun', 'eth0', `${kStun}/24`], ['router', 'near', '192.0.2.1/24'], ['192.0.2.1']);
  networks.ip('router', `addr add ${kHomePublic}/32 dev lo`);
  networks.filter('router', `
    table ip home {
      chain inwards {
        type nat hook prerouting priority dstnat;
        ip daddr ${kHomePublic} tcp dport {7880, 7881} dnat to ${kHome}
        ip daddr ${kHomePublic} udp dport 7882 dnat to ${kHome}
      }
      chain outwards {
        type nat hook postrouting priority srcnat;
        ip saddr 10.0.0.0/24 snat to ${kHomePublic}
      }
      chain through {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iif "home" accept
        ct status dnat accept
      }
    }`);
}

testIn('a server behind a NAT that forwards its ports, and rtc.node_ip', async (t, networks, stop) => {
  makeHome(networks);
  const daemon = stop(await startServer(`rtc: {udp_port: 7882, tcp_port: 7881, node_ip: ${kHomePublic}}`));
  await call(t, networks, daemon, `ws://${kHomePublic}:7880`, { type: 'host', protocol: 'udp', remote: `${kHomePublic} 7882` });
});

/** coturn as a STUN server. */
const startStun = (networks) => networks.start('stun', 'turnserver', '-n', '--stun-only', '--no-cli', '--no-tls', '--no-dtls',
  '--log-file', 'stdout', '-L', kStun, '-p', '3478', '--pidfile', '/run/netns/.turnserver.pid');
/** What coturn was told, if it runs. */
function turnConfiguration({ pid }) {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const words = children.flatMap((child) => fs.readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0'));
  const file = words.find((word) => word.endsWith('.conf'));
  return file && fs.readFileSync(file, 'utf8');
}

/** How many have joined. */
const joined = (daemon) => [...daemon.log().matchAll(/ joins as PA_/g)].length;

/** What the daemon says once it knows. */
const known = (daemon) => eventually(() => /rtc\.use_external_ip: clients are told (.*)/.exec(daemon.log()), { what: 'an answer of the STUN server' });

testIn('a server behind a NAT that asks a STUN server for its address', async (t, networks, stop) => {
  makeHome(networks);
  startStun(networks);
  const text = `rtc: {udp_port: 7882, tcp_port: 7881, use_external_ip: true, stun_servers: ["${kStun}:3478"]}`;
  const { stdout } = spawnSync(process.env.LIVEKIT_SFU, ['doctor', '--config', configure(text)], { encoding: 'utf8' });
  assert.match(stdout, /^ok +external address: 203\.0\.113\.1 of 10\.0\.0\.2$/m);
  assert.match(stdout, /^ok +addresses: clients are told 203\.0\.113\.1$/m);
  const daemon = stop(await startServer(text));
  const [, told] = await known(daemon);
  assert.equal(told.trim(), `udp ${kHomePublic} 7882, tcp ${kHomePublic} 7881`);
  await call(t, networks, daemon, `ws://${kHomePublic}:7880`, { type: 'host', protocol: 'udp', remote: `${kHomePublic} 7882` });
});

testIn('a STUN server that is away keeps nobody from starting, and who came before it learns the address', async (t, networks, stop) => {
  makeHome(networks);
  const start = Date.now();
  const daemon = stop(await startServer(`
turn: {enabled: true, udp_port: 3478}
logging: {component_levels: {room: debug}}
rtc: {udp_port: 7882, tcp_port: 7881, use_external_ip: true, stun_servers: ["${kStun}:3478"]}`));
  assert.ok(Date.now() - start < 3000, `the start took ${Date.now() - start} ms`);
  const warning = await eventually(() => /rtc\.use_external_ip: no STUN server.*/.exec(daemon.log()), { what: 'the warning' });
  assert.match(warning[0], /192\.0\.2\.10:3478: no answer.*set rtc\.node_ip/);
  // They cannot reach anything they are told of, and get through once they are told more.
  const calling = call(t, networks, daemon, `ws://${kHomePublic}:7880`, { type: 'host', protocol: 'udp', remote: `${kHomePublic} 7882` });
  calling.catch(() => {});
  await eventually(() => joined(daemon) === 2, { what: 'both are there' });
  startStun(networks);
  const [, told] = await known(daemon);
  assert.equal(told.trim(), `udp ${kHomePublic} 7882, tcp ${kHomePublic} 7881`);
  await calling;
  const relay = await eventually(() => turnConfiguration(daemon), { what: 'TURN runs again' });
  assert.match(relay, /^external-ip=203\.0\.113\.1\/10\.0\.0\.2$/m);
});

/** Both families everywhere; what comes from the client is translated for IPv4. */
function makeDualStack(networks, allowed = '') {
  networks.add('router', { forwards: true });
  networks.add('client');
  networks.link(['here', 'eth0', `${kServer}/24`, '2001:db8:1::10/64'], ['router', 'out', '203.0.113.1/24', '2001:db8:1::1/64'],
    ['2001:db8:1::1']);
  networks.link(['client', 'eth0', '192.168.1.2/24', '2001:db8:2::2/64'], ['router', 'in', '192.168.1.1/24', '2001:db8:2::1/64'],
    ['192.168.1.1', '2001:db8:2::1']);
  networks.filter('router', officeRouter(allowed));
}

testIn('IPv6 alone', async (t, networks, stop) => {
  networks.add('router', { forwards: true });
  networks.add('client');
  networks.link(['here', 'eth0', '2001:db8:1::10/64'], ['router', 'out', '2001:db8:1::1/64'], ['2001:db8:1::1']);
  networks.link(['client', 'eth0', '2001:db8:2::2/64'], ['router', 'in', '2001:db8:2::1/64'], ['2001:db8:2::1']);
  const daemon = stop(await startServer('rtc: {udp_port: 7882, tcp_port: 7881}'));
  await call(t, networks, daemon, 'ws://[2001:db8:1::10]:7880', { type: 'host', protocol: 'udp', remote: '2001:db8:1::10 7882' });
});

testIn('both families, and UDP is blocked in IPv4', async (t, networks, stop) => {
  makeDualStack(networks, 'meta l4proto tcp');
  const daemon = stop(await startServer('rtc: {udp_port: 7882, tcp_port: 7881}'));
  await call(t, networks, daemon, `ws://${kServer}:7880`, { type: 'host', protocol: 'udp', remote: '2001:db8:1::10 7882' });
});

testIn('TURN over TLS where IPv6 is all there is, and everything but TCP 443 is blocked', async (t, networks, stop) => {
  networks.add('router', { forwards: true });
  networks.add('client');
  networks.link(['here', 'eth0', '2001:db8:1::10/64', '2001:db8:1::11/64'], ['router', 'out', '2001:db8:1::1/64'], ['2001:db8:1::1']);
  networks.link(['client', 'eth0', '2001:db8:2::2/64'], ['router', 'in', '2001:db8:2::1/64'], ['2001:db8:2::1']);
  networks.filter('router', `
    table ip6 office {
      chain through {
        type filter hook forward priority filter; policy drop;
        icmpv6 type { packet-too-big, nd-neighbor-solicit, nd-neighbor-advert } accept
        ct state established,related accept
        iif "in" tcp dport 443 accept
      }
    }`);
  addName('turn6.example.org', '2001:db8:1::11');
  const daemon = stop(await startServer(`
bind_addresses: [127.0.0.1, "2001:db8:1::10"]
tls: {cert_file: ${files.certificate}, key_file: ${files.key}}
turn: {enabled: true, domain: turn6.example.org, tls_port: 443, bind_addresses: ["2001:db8:1::11"]}
rtc: {udp_port: 7882, tcp_port: 7881, ips: {includes: ["2001:db8:1::10/128"]}}`, { port: 443, tls: true }));
  await call(t, networks, daemon, 'wss://[2001:db8:1::10]', { type: 'relay', protocol: 'tls', remote: '2001:db8:1::10 7882' });
});

testIn('interfaces and networks choose the addresses that are told, IPv6 as well', async (t, networks, stop) => {
  makeDualStack(networks);
  networks.add('other');
  // Not with nodad: as just after the start of a machine.
  networks.link(['here', 'eth1', '198.51.100.10/24'], ['other', 'eth0', '198.51.100.1/24']);
  networks.ip('here', 'addr add 2001:db8:3::10/64 dev eth1');
  const told = async (keys) => {
    const daemon = await startServer(`rtc: {udp_port: 7882, tcp_port: 0, ${keys}}\nturn: {enabled: true, udp_port: 3478}`);
    const [line] = /listening on .*/.exec(daemon.log());
    await daemon.stop();
    return [...line.matchAll(/udp (\S+) 7882/g)].map(([, address]) => address);
  };
  const [four, six] = [[kServer, '198.51.100.10'], ['2001:db8:1::10', '2001:db8:3::10']];
  // A link-local address is on each interface, and no client could use it.
  assert.deepEqual(await told(''), [...four, ...six]);
  assert.deepEqual(await told('interfaces: {includes: [eth1]}'), [four[1], six[1]]);
  assert.deepEqual(await told('interfaces: {excludes: [eth1]}'), [four[0], six[0]]);
  assert.deepEqual(await told('ips: {includes: ["2001:db8:3::/64"]}'), [six[1]]);
  assert.deepEqual(await told('ips: {excludes: ["::/0"]}'), four);
  assert.deepEqual(await told('ips: {includes: ["::/0"], excludes: ["2001:db8:1::/48"]}, interfaces: {excludes: [lo]}'), [six[1]]);
  assert.deepEqual(await told('node_ip: "2001:db8:9::9"'), [...four, '2001:db8:9::9']);
});
