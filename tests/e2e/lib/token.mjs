// SPDX-License-Identifier: LGPL-2.1-or-later

import crypto from 'node:crypto';

import { kKey, kSecret } from './daemon.mjs';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed access token of any claims, also of wrong ones. */
export function rawToken(claims, { key = kKey, secret = kSecret, algorithm = 'HS256' } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const head = encode({ alg: algorithm, typ: 'JWT' });
  const body = encode({ iss: key, nbf: now - 10, exp: now + 3600, ...claims });
  const signature = algorithm === 'none'
    ? ''
    : crypto.createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
  return `${head}.${body}.${signature}`;
}

/** A token that joins `room` as `identity`; `video` adds or replaces grants. */
export function joinToken(room, identity, video = {}) {
  return rawToken({ sub: identity, name: identity, video: { roomJoin: true, room, ...video } });
}

let rooms = 0;

/** A room of a test's own. */
export function freshRoom(name) {
  rooms += 1;
  return `${name}-${process.pid}-${rooms}`;
}
