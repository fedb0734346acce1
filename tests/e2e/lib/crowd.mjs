// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Many participants of rtc-node, spread over a few processes.

import { fork } from 'node:child_process';
import { once } from 'node:events';

import { kKey, kSecret } from './daemon.mjs';

const kPerProcess = 10;
// rtc-node's runtime has as many threads as the machine has cores, and rooms that wait inside it keep one each.
const kEnvironment = { TOKIO_WORKER_THREADS: `${2 * kPerProcess}` };

class CrowdProcess {
  #asked = new Map();
  #last = 0;

  constructor() {
    this.child = fork(new URL('./crowd_process.mjs', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, ...kEnvironment },
    });
    this.exited = once(this.child, 'exit').then(([code, signal]) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`a process of the crowd ended: ${code ?? signal}`));
    });
    this.child.on('message', ({ id, answer, error }) => {
      const { resolve, reject } = this.#asked.get(id);
      this.#asked.delete(id);
      if (error) reject(new Error(error));
      else resolve(answer);
    });
  }

  ask(word, value) {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.child.send({ id, word, value });
    });
  }
}

export class Crowd {
  /** `pause`: about so many ms between what one does and what it does next. */
  static async begin(daemon, room, { count, seed, pause }) {
    const crowd = new Crowd();
    const place = { url: daemon.url, http: daemon.http, room };
    const all = Array.from({ length: count }, (_, i) => ({ identity: `member-${i}`, seed: seed + i }));
    crowd.processes = Array.from({ length: Math.ceil(count / kPerProcess) }, () => new CrowdProcess());
    await Promise.all(crowd.processes.map((one, i) => one.ask('begin', {
      place, members: all.slice(i * kPerProcess, (i + 1) * kPerProcess), pause, keys: { key: kKey, secret: kSecret },
    })));
    return crowd;
  }

  /** Nobody does anything any more, and all are there; gives how often what was done, and what went wrong. */
  async stop() {
    const results = (await Promise.all(this.processes.map((one) => one.ask('stop')))).flat();
    const counts = {};
    for (const result of results) {
      for (const [what, count] of Object.entries(result.counts)) counts[what] = (counts[what] ?? 0) + count;
    }
    return { counts, errors: results.flatMap(({ errors }) => errors) };
  }

  /** By identity, what each knows of everybody. */
  async views() {
    return Object.assign({}, ...await Promise.all(this.processes.map((one) => one.ask('views'))));
  }

  async leave() {
    await Promise.all(this.processes.map(async (one) => {
      await one.ask('leave').catch(() => one.child.kill());
      await one.exited;
    }));
  }
}
