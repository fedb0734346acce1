// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Randomness that can be repeated (mulberry32): the same seed, the same numbers.

export function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** 0 to less than 1. */
    next,
    /** A whole number below `limit`. */
    below: (limit) => Math.floor(next() * limit),
    /** One of these. */
    pick: (list) => list[Math.floor(next() * list.length)],
    /** True in so many of a hundred. */
    percent: (share) => next() * 100 < share,
  };
}
