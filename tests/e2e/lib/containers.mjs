// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What docker would start by a docker-compose.yml or a `docker run` line, without docker: each container's words,
// environment, files at the places where it has them, address and published ports, as a process of this machine.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';

import { parse } from 'yaml';

import { kAddress } from './own_network.mjs';
import { eventually } from './wait.mjs';

/** As compose replaces them: ${NAME}, by variables of the shell or of .env. */
function interpolate(value, variables) {
  if (typeof value === 'string') return value.replace(/\$\{(\w+)\}/g, (_, name) => variables[name] ?? '');
  if (Array.isArray(value)) return value.map((each) => interpolate(each, variables));
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map((entry) => entry.map((each) => interpolate(each, variables))));
}

// "- NAME=key: secret" is a map to YAML, and compose refuses it; it means the text.
const textOf = (item) => (typeof item === 'string' ? item : Object.entries(item).map(([name, value]) => `${name}: ${value}`).join());
const pair = (text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];

/** The lines NAME=value of an .env file. */
export function readEnv(text) {
  return Object.fromEntries(text.split('\n').filter((line) => /^\w+=/.test(line)).map(pair));
}

const listOf = (value) => (Array.isArray(value) ? value : (value ?? '').split(/\s+/).filter(Boolean));

/**
 * The services of a compose file by their names. `files`: what the paths on the host's side of the volumes are here;
 * what is not among them is not on the host.
 */
export function servicesOf(text, { variables = {}, files = {} } = {}) {
  const document = interpolate(parse(text), variables);
  return Object.fromEntries(Object.entries(document.services ?? document).map(([name, service]) => {
    const environment = service.environment ?? {};
    return [name, {
      image: service.image,
      env: Array.isArray(environment) ? Object.fromEntries(environment.map(textOf).map(pair)) : environment,
      args: listOf(service.command),
      ports: service.ports ?? [],
      volumes: (service.volumes ?? []).map((volume) => volume.split(':')).map(([host, inside]) => ({ outside: files[host], inside })),
      needs: service.depends_on ?? [],
    }];
  }));
}

const isServer = ({ image }) => image.startsWith('livekit/livekit-server');

/** The one of livekit-server. */
export const fromCompose = (text, options) => Object.values(servicesOf(text, options)).find(isServer);

// Puts a file where the container has it, for the processes of this mount namespace alone: the folder around it is
// replaced by one with links to what was in it. Docker makes a folder of what is not there.
const kMount = `put() {
    parent=$(dirname "$2")
    while [ ! -d "$parent" ]; do parent=$(dirname "$parent"); done
    old=$(mktemp -d "$1/XXXXXX")
    mount --rbind "$parent" "$old"
    mount -t tmpfs none "$parent"
    for entry in "$old"/* "$old"/.[!.]*; do [ ! -e "$entry" ] || ln -s "$entry" "$parent/"; done
    mkdir -p "$(dirname "$2")"
    rm -f "$2"
    if [ -n "$3" ]; then touch "$2"; mount --bind "$3" "$2"; else mkdir "$2"; fi
  }`;

/** What goes before a program's words, so that it sees the files of its volumes. `folder` is for what was there. */
export function withVolumes(volumes, folder) {
  if (volumes.length === 0) return [];
  const puts = volumes.map(({ outside, inside }) => ['put', folder, inside, outside ?? ''].map((word) => `'${word}'`).join(' '));
  return ['unshare', '--mount', 'sh', '-ec', [kMount, ...puts, 'exec "$@"'].join('\n'), 'sh'];
}

/** What a process listens on where it is, in the form of published ports: "7880/tcp". */
export function openPorts(pid) {
  const open = new Set();
  for (const [file, protocol, state] of [['tcp', 'tcp', '0A'], ['tcp6', 'tcp', '0A'], ['udp', 'udp', '07'], ['udp6', 'udp', '07']]) {
    for (const line of fs.readFileSync(`/proc/${pid}/net/${file}`, 'utf8').trim().split('\n').slice(1)) {
      const [, local, , now] = line.trim().split(/\s+/);
      if (now === state) open.add(`${parseInt(local.split(':')[1], 16)}/${protocol}`);
    }
  }
  return open;
}

/** Published ports behind which nobody listens: docker would take connections there, and drop them. */
export function deadPorts({ ports }, pid) {
  const open = openPorts(pid);
  return ports.flatMap((published) => {
    const [range, protocol = 'tcp'] = published.split(':').at(-1).split('/');
    const [first, last = first] = range.split('-').map(Number);
    return first === last && !open.has(`${first}/${protocol}`) ? [`${first}/${protocol}`] : [];
  });
}

/**
 * Runs a program as a container with an address of its own beside ours, which compose's networks give it. What is
 * returned ends it.
 */
export async function startContainer({ env, volumes, args }, program, address, folder) {
  const setUp = `read _
    ip link set lo up
    ip addr add ${address}/32 dev container1
    ip link set container1 up
    ip route add ${kAddress} dev container1
    ip route add default via ${kAddress}
    exec "$@"`;
  const words = ['--net', 'sh', '-ec', setUp, 'sh', ...withVolumes(volumes, folder), program, ...args];
  const child = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH, ...env } });
  let log = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (data) => { log = (log + data).slice(-20000); });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const network = (pid) => fs.readlinkSync(`/proc/${pid}/ns/net`);
  await eventually(() => network(child.pid) !== network('self'), { what: 'the container has a network' });
  execFileSync('sh', ['-ec', `ip link add container0 type veth peer name container1 netns ${child.pid}
    ip link set container0 up
    ip route add ${address} dev container0 src ${kAddress}`]);
  child.stdin.end('\n');
  return {
    pid: child.pid,
    log: () => log,
    async stop() {
      kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      process.off('exit', kill);
    },
  };
}

/** What a script calls `program` with. A shell reads it, so that it means what it would mean. */
export function argumentsOf(program, script) {
  return execFileSync('bash', ['-c', `${program}() { printf '%s\\0' "$@"; }\n${script}`]).toString().split('\0').slice(0, -1);
}

export function fromDockerRun(script, { files = {} } = {}) {
  const words = argumentsOf('docker', script);
  const container = { env: {}, ports: [], args: [], volumes: [] };
  for (let i = 1; i < words.length; i += 1) {  // behind "run"
    if (words[i] === '-e') Object.assign(container.env, Object.fromEntries([pair(words[(i += 1)])]));
    else if (words[i] === '-p') container.ports.push(words[(i += 1)]);
    else if (words[i] === '-v') {
      const [outside, inside] = words[(i += 1)].split(':');
      container.volumes.push({ outside: files[outside], inside });
    } else if (words[i] === '--name') i += 1;
    else if (!words[i].startsWith('-')) {
      container.args = words.slice(i + 1);  // behind the image
      break;
    }
  }
  return container;
}
