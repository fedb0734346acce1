// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Networks for a test: namespaces, the cables between them, and what their routers do. The test itself is in one of
// them, 'here', with the daemon. All of it belongs to the test's own mount namespace and is gone with its last process,
// however that ends.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { moveInside } from './own_network.mjs';

// Names of namespaces are files of a folder, which is nobody else's here; so is what names resolve to. Nobody answers
// at 127.0.0.1, at once.
const kSetUp = `ip link set lo up
  mkdir -p /run/netns
  mount -t tmpfs none /run/netns
  cp /etc/hosts /run/netns/.hosts
  mount --bind /run/netns/.hosts /etc/hosts
  echo nameserver 127.0.0.1 >/run/netns/.resolv.conf
  mount --bind /run/netns/.resolv.conf /etc/resolv.conf
  nft list ruleset
  ip netns add try && nsenter --net=/run/netns/try true && ip netns del try
  sysctl -qw net.ipv4.ip_forward=1
  ip link add try0 type veth peer name try1 && ip link del try0
  nft add table ip try && nft 'add chain ip try nat { type nat hook postrouting priority 100; }' && nft delete table ip try`;

/** First of all in a test file. Gives the reason why this machine has no such networks, or nothing. */
export const moveToOwnNetworks = (url) => moveInside(url, ['--net', '--mount'], kSetUp);

function run(program, words, input) {
  try {
    return execFileSync(program, words, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${program} ${words.join(' ')}: ${String(error.stderr ?? error).trim()}`);
  }
}

/** Where a name leads for everybody in the networks. */
export function addName(name, address) {
  fs.appendFileSync('/etc/hosts', `\n${address} ${name}\n`);
}

export class Networks {
  #names = [];

  #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-networks-'));

  #children = [];

  /** A router `forwards`. */
  add(name, { forwards = false } = {}) {
    run('ip', ['netns', 'add', name]);
    this.#names.push(name);
    this.ip(name, 'link set lo up');
    if (!forwards) return;
    this.run(name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  }

  /** The program and its words, for where `name` is. */
  words(name, ...words) {
    return name === 'here' ? words : ['nsenter', `--net=/run/netns/${name}`, ...words];
  }

  run(name, ...words) {
    const [program, ...rest] = this.words(name, ...words);
    return run(program, rest);
  }

  ip(name, text) {
    return this.run(name, 'ip', ...text.split(' '));
  }

  /** A cable. Each end is [namespace, interface, ...addresses]; `via`: the routers, one of a family, that the first end goes by. */
  link(one, other, via = []) {
    const [[nameA, deviceA], [nameB, deviceB]] = [one, other];
    run('ip', ['link', 'add', `${nameA}-${deviceA}`.slice(0, 15), 'type', 'veth', 'peer', 'name', `${nameB}-${deviceB}`.slice(0, 15)]);
    for (const [name, device, ...addresses] of [one, other]) {
      const made = `${name}-${device}`.slice(0, 15);
      if (name !== 'here') run('ip', ['link', 'set', made, 'netns', name]);
      this.ip(name, `link set ${made} name ${device}`);
      for (const address of addresses) {
        this.ip(name, `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
      }
      this.ip(name, `link set ${device} up`);
    }
    for (const router of via) this.ip(nameA, `${router.includes(':') ? '-6 ' : ''}route add default via ${router}`);
  }

  /** A ruleset of nftables for a router. */
  filter(name, ruleset) {
    const [program, ...rest] = this.words(name, 'nft', '-f', '-');
    run(program, rest, ruleset);
  }

  /** A program that runs until remove(). */
  start(name, ...words) {
    const [program, ...rest] = this.words(name, ...words);
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { child.output += data; });
    this.#children.push(child);
    return child;
  }

  /** A program as a file that runs there, for who starts it by name. */
  wrap(name, program) {
    const file = path.join(this.#folder, `${name}-${path.basename(program)}`);
    fs.writeFileSync(file, `#!/bin/sh\nexec ${this.words(name, program).join(' ')} "$@"\n`, { mode: 0o700 });
    return file;
  }

  remove() {
    for (const child of this.#children) child.kill('SIGKILL');
    // Cables go with either of their ends; those of a namespace some time after its name.
    for (const { ifname } of JSON.parse(run('ip', ['-json', 'link']))) {
      if (ifname !== 'lo') run('ip', ['link', 'del', ifname]);
    }
    for (const name of this.#names) run('ip', ['netns', 'del', name]);
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}
