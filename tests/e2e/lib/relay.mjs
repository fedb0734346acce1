// SPDX-License-Identifier: LGPL-2.1-or-later

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../support/udp_relay.mjs');

/** A relay in front of `port`, itself at port `from` (0: any) of `at`, in a process of its own so that nothing here delays it. */
export async function startRelay(port, { at = '127.0.0.1', from = 0, loss = 0, delay = 0, mangle = 0, seed = 1, extension = 0, rate = 0 }) {
  const words = { to: port, at, from, loss, delay, mangle, seed, extension, rate };
  const child = spawn(process.execPath, [program, ...Object.entries(words).flatMap(([k, v]) => [`--${k}`, `${v}`])],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  const [first] = await once(lines, 'line');
  return {
    port: JSON.parse(first).port,
    /** From now on this many percent get lost. */
    lose: (percent) => child.stdin.write(`${JSON.stringify({ loss: percent })}\n`),
    /** From now on each sender has so many kbit/s towards `port`; 0: as many as it likes. */
    narrow: (kbits) => child.stdin.write(`${JSON.stringify({ rate: kbits })}\n`),
    /** Nothing passes until thaw(). */
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    /**
     * Ends it and gives its counts: passed, lost, mangled, latest (ms a packet left after its time), extended (those
     * to `port` with the RTP header extension of the id `extension`).
     */
    async stop() {
      child.stdin.end();
      const [last] = await once(lines, 'line');
      return JSON.parse(last);
    },
  };
}
