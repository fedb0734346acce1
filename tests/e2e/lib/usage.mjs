// SPDX-License-Identifier: LGPL-2.1-or-later

import fs from 'node:fs';

/** What a process holds. */
export function usageOf(pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  return { kilobytes: number('VmRSS'), threads: number('Threads'), files: fs.readdirSync(`/proc/${pid}/fd`).length };
}
