// SPDX-License-Identifier: LGPL-2.1-or-later

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

import { kKey, kSecret } from './daemon.mjs';
import { eventually, sleep } from './wait.mjs';

const program = fileURLToPath(new URL('../agents/worker.mjs', import.meta.url));

/** JobType of the protocol. */
export const kRoomJob = 0;
export const kPublisherJob = 1;
export const kParticipantJob = 2;

/** Starts a worker and waits until it is registered; `lines(word)` are what it printed of that kind. */
export async function startWorker(daemon, options = {}) {
  const words = { wsURL: `${daemon.url}/`, apiKey: kKey, apiSecret: kSecret, type: kRoomJob, ...options };
  const child = spawn(process.execPath, [program, JSON.stringify(words)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const onExit = () => child.kill('SIGKILL');
  process.on('exit', onExit);
  const printed = [];
  for (const stream of [child.stdout, child.stderr])
    readline.createInterface({ input: stream }).on('line', (line) => printed.push(line));
  const worker = {
    lines: (word) => printed.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ')[1]),
    log: () => printed.slice(-30).join('\n'),
    waitFor: (word, count = 1, timeout = 20000) => eventually(() => {
      if (child.exitCode !== null) throw Object.assign(new Error(worker.log()), { final: true });
      return worker.lines(word).length >= count && worker.lines(word);
    }, { timeout, what: `the worker has ${word}: ${worker.log()}` }),
    kill: () => child.kill('SIGKILL'),
    async stop() {
      child.kill('SIGTERM');
      if (!(await Promise.race([exited, sleep(5000)]))) child.kill('SIGKILL');
      process.off('exit', onExit);
    },
  };
  await worker.waitFor('registered');
  return worker;
}
