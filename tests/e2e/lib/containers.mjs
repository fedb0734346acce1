// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What docker would start by a docker-compose.yml or a `docker run` line, without docker: the arguments and the
// environment of livekit-server's container, and where its files are outside.

import { execFileSync } from 'node:child_process';

import { parse } from 'yaml';

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

/** `files`: what the paths on the host's side of the volumes are here. */
export function fromCompose(text, { variables = {}, files = {} } = {}) {
  const document = interpolate(parse(text), variables);
  const service = Object.values(document.services ?? document).find(({ image }) => image.startsWith('livekit/livekit-server'));
  const environment = service.environment ?? {};
  const mounted = Object.fromEntries((service.volumes ?? []).map((volume) => volume.split(':')).map(([host, inside]) => [inside, files[host]]));
  const words = Array.isArray(service.command) ? service.command : (service.command ?? '').split(/\s+/).filter(Boolean);
  return {
    env: Array.isArray(environment) ? Object.fromEntries(environment.map(textOf).map(pair)) : environment,
    args: words.map((word) => mounted[word] ?? word),
    ports: service.ports ?? [],
  };
}

/** What a script calls `program` with. A shell reads it, so that it means what it would mean. */
export function argumentsOf(program, script) {
  return execFileSync('bash', ['-c', `${program}() { printf '%s\\0' "$@"; }\n${script}`]).toString().split('\0').slice(0, -1);
}

export function fromDockerRun(script) {
  const words = argumentsOf('docker', script);
  const container = { env: {}, ports: [], args: [] };
  for (let i = 1; i < words.length; i += 1) {  // behind "run"
    if (words[i] === '-e') Object.assign(container.env, Object.fromEntries([pair(words[(i += 1)])]));
    else if (words[i] === '-p') container.ports.push(words[(i += 1)]);
    else if (words[i] === '--name') i += 1;
    else if (!words[i].startsWith('-')) {
      container.args = words.slice(i + 1);  // behind the image
      break;
    }
  }
  return container;
}
