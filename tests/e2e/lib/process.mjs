// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a running process uses, as Linux tells it.

import fs from 'node:fs';

const kTicks = 100;  // of /proc/<pid>/stat in a second

/** Memory in use, in kB. */
export const residentKb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** How many descriptors are open. */
export const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

/** Processor time that was used, by the system for it too. */
export function processorSeconds(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / kTicks;
}
