// SPDX-License-Identifier: LGPL-2.1-or-later

export const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Calls `probe` until it gives something true, which is returned. A throw counts as "not yet" unless
 * the error is marked `final`. After `timeout` ms the last answer is part of the error.
 */
export async function eventually(probe, { timeout = 15000, interval = 100, what = 'the condition' } = {}) {
  const end = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      if (error.final) throw error;
      last = error;
    }
    if (Date.now() > end) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${timeout} ms: ${what} (last: ${seen})`);
    }
    await sleep(interval);
  }
}

/** What `promise` gives, or an error that names `what` after so many ms. */
export function within(timeout, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${timeout} ms: ${what}`)), timeout);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The middle one of some numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
