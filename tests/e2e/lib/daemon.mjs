// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Starts the daemon of the build directory on free ports of its own, so that tests run beside other
// daemons, and ends that one process by its id.

import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { withVolumes } from './containers.mjs';
import { descriptors, processorSeconds, residentKb } from './process.mjs';
import { makeRecorder, recordConfiguration, recordingEnvironment } from './recorder.mjs';
import { eventually, sleep } from './wait.mjs';

export const kKey = 'devkey';
export const kSecret = 'secret';

export async function freeTcpPort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export async function freeUdpPort() {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** GET over HTTPS, whoever signed the certificate. */
export async function getUnverified(url) {
  const request = https.get(url, { rejectUnauthorized: false, agent: false });
  const [response] = await once(request, 'response');
  response.setEncoding('utf8');
  let body = '';
  for await (const text of response) body += text;
  return { ok: response.statusCode === 200, status: response.statusCode, body };
}

/** A program of the build that the daemon is of, by its place there. */
export const builtProgram = (place) => path.resolve(path.dirname(process.env.LIVEKIT_SFU), '..', place);

function configuration(ports, extra, rtc) {
  const media = { udp_port: ports.udp, tcp_port: ports.tcp, node_ip: '127.0.0.1', enable_loopback_candidate: true, ...rtc };
  return [
    `port: ${ports.http}`,
    'bind_addresses: ["127.0.0.1"]',
    'rtc:',
    ...Object.entries(media).map(([key, value]) => `  ${key}: ${value}`),
    `keys:\n  ${kKey}: ${kSecret}`,
    extra,
  ].join('\n');
}

/**
 * @param {{config?: string, rtc?: object, env?: object, ports?: object}} options config: more YAML, top level
 *   keys; rtc: other values of keys of that section, as YAML;
 *   ports: those of a daemon that was stopped; tls: the configuration has a certificate.
 * @returns what a test needs of the running daemon; `stop()` ends it and fails when it crashed.
 */
export async function startDaemon({ config = '', rtc = {}, env = {}, ports: given, tls = false } = {}) {
  const ports = given ?? { http: await freeTcpPort(), udp: await freeUdpPort(), tcp: await freeTcpPort() };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-e2e-'));
  const file = path.join(folder, 'livekit.yaml');
  fs.writeFileSync(file, configuration(ports, config, rtc));
  return startProgram(['--dev', '--config', file], { env, ports, tls, onEnd: () => fs.rmSync(folder, { recursive: true, force: true }) });
}

/**
 * As startDaemon(), with these arguments alone; `ports.http` is where it is expected to answer. `volumes` and
 * `folder` are those of withVolumes().
 */
export async function startProgram(args, { env = {}, ports = { http: 7880 }, tls = false, volumes = [], folder, onEnd = () => {} } = {}) {
  const program = process.env.LIVEKIT_SFU;
  if (!program) throw new Error('LIVEKIT_SFU names no daemon: run through run.mjs');
  recordConfiguration(args.map((word) => volumes.find(({ inside }) => inside === word)?.outside ?? word), env);
  const [first, ...words] = [...withVolumes(volumes, folder), program, ...args];
  const child = spawn(first, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...recordingEnvironment(), ...env } });
  let log = '';
  for (const output of [child.stdout, child.stderr]) {
    const record = makeRecorder();
    output.on('data', (data) => { log = (log + record(data)).slice(-200000); });
  }
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  let ended = null;
  exited.then((how) => { ended = how; });
  const onExit = () => child.kill('SIGKILL');
  process.on('exit', onExit);

  const daemon = {
    pid: child.pid,
    ports,
    http: `${tls ? 'https' : 'http'}://127.0.0.1:${ports.http}`,
    url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${ports.http}`,
    log: () => log,
    /** Resolves to { code, signal } when it has ended. */
    exited,
    signal: (name) => child.kill(name),
    residentKb: () => residentKb(child.pid),
    descriptors: () => descriptors(child.pid),
    processorSeconds: () => processorSeconds(child.pid),
    /** Ends it at once, without a word to anybody. */
    async kill() {
      child.kill('SIGKILL');
      await exited;
      process.off('exit', onExit);
      onEnd();
    },
    async stop() {
      const early = ended;
      if (!early) {
        child.kill('SIGTERM');
        child.kill('SIGTERM');  // The second one does not wait for participants.
        if (!(await Promise.race([exited, sleep(5000)]))) child.kill('SIGKILL');
        await exited;
      }
      process.off('exit', onExit);
      onEnd();
      if (process.env.E2E_LOG) fs.appendFileSync(process.env.E2E_LOG, log);
      if (early) throw new Error(`the daemon ended by itself: ${JSON.stringify(early)}\n${log.slice(-4000)}`);
      if (ended?.signal && !['SIGTERM', 'SIGKILL'].includes(ended.signal)) {
        throw new Error(`the daemon crashed at its end: ${ended.signal}\n${log.slice(-4000)}`);
      }
    },
  };

  await eventually(async () => {
    if (ended) throw Object.assign(new Error(`the daemon did not start\n${log}`), { final: true });
    return (await (tls ? getUnverified : fetch)(`${daemon.http}/`)).ok;
  }, { timeout: 10000, what: 'the daemon answers' });
  return daemon;
}
