// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tokens that must not get in, with the status and words of LiveKit's server.

import assert from 'node:assert/strict';

import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken, rawToken } from './lib/token.mjs';

const stage = makeStage({ config: 'room:\n  auto_create: false' });
const now = () => Math.floor(Date.now() / 1000);
const grant = { roomJoin: true, room: 'open' };

const kRefused = [
  ['expired', () => rawToken({ sub: 'ada', video: grant, exp: now() - 3600 }), 401, /^invalid authorization token/],
  ['not yet valid', () => rawToken({ sub: 'ada', video: grant, nbf: now() + 3600 }), 401, /^invalid authorization token/],
  ['of a wrong secret', () => rawToken({ sub: 'ada', video: grant }, { secret: 'guess' }), 401, /^invalid authorization token/],
  ['of an unknown key', () => rawToken({ sub: 'ada', video: grant }, { key: 'nobody' }), 401, /^invalid API key/],
  ['signed by nobody (alg none)', () => rawToken({ sub: 'ada', video: grant }, { algorithm: 'none' }), 401, /^invalid authorization token/],
  ['that is no token', () => 'garbage', 401, /^invalid authorization token/],
  ['without a grant', () => rawToken({ sub: 'ada' }), 401, /^permissions denied/],
  ['without roomJoin', () => rawToken({ sub: 'ada', video: { room: 'open' } }), 401, /^permissions denied/],
  ['without a room', () => rawToken({ sub: 'ada', video: { roomJoin: true } }), 400, /^no room name/],
  ['without an identity', () => rawToken({ video: grant }), 400, /^identity cannot be empty/],
  ['for a room that is not there', () => joinToken('elsewhere', 'ada'), 404, /^requested room does not exist/],
];

for (const [name, make, status, words] of kRefused) {
  stage.test(`a token ${name} is refused with ${status}`, async (s) => {
    for (const send of ['query', 'header']) {
      const query = send === 'query' ? `?access_token=${make()}` : '';
      const headers = send === 'header' ? { authorization: `Bearer ${make()}` } : {};
      const response = await fetch(`${s.daemon.http}/rtc/validate${query}`, { headers });
      assert.equal(response.status, status, send);
      assert.match(await response.text(), words, send);
      assert.equal(response.headers.get('access-control-allow-origin'), '*', send);
    }
  });
}

stage.test('no token at all is refused with 401', async (s) => {
  const response = await fetch(`${s.daemon.http}/rtc/validate`);
  assert.equal(response.status, 401);
  assert.match(await response.text(), /^permissions denied/);
});

stage.test('an authorization header without Bearer is refused with 401', async (s) => {
  const response = await fetch(`${s.daemon.http}/rtc/validate`, { headers: { authorization: 'Basic abc' } });
  assert.equal(response.status, 401);
  assert.match(await response.text(), /^invalid authorization header\. Must start with Bearer/);
});

for (const client of ['newest', 'v2_0']) {
  stage.test(`${client} tells its user why it was refused`, async (s) => {
    const ada = await s.join(freshRoom('refused'), 'ada', { client, connect: false });
    const expired = rawToken({ sub: 'ada', video: grant, exp: now() - 3600 });
    await assert.rejects(ada.call('join', s.daemon.url, expired), /invalid authorization token/);
    await assert.rejects(ada.call('join', s.daemon.url, joinToken('elsewhere', 'ada')), /requested room does not exist/);
  });
}

stage.test('a room admin of one room may not touch another', async (s) => {
  const token = rawToken({ sub: 'admin', video: { roomAdmin: true, room: 'mine' } });
  const response = await fetch(`${s.daemon.http}/twirp/livekit.RoomService/ListParticipants`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ room: 'theirs' }),
  });
  assert.equal(response.status, 401);
  assert.equal(response.headers.get('content-type'), 'application/json');
  const error = await response.json();
  assert.equal(error.code, 'unauthenticated');
  assert.match(error.msg, /permissions denied/);
});
