// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file with each key that LiveKit's server reads.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { RoomServiceClient } from 'livekit-server-sdk';

import { freeTcpPort, freeUdpPort, kKey, kSecret, startProgram } from './lib/daemon.mjs';

const kFile = fileURLToPath(new URL('./every_key.yaml', import.meta.url));

test('the daemon starts with every key of LiveKit, and says once of each that has no effect yet', { timeout: 30000 }, async () => {
  const ports = { http: await freeTcpPort(), media: await freeUdpPort(), tcp: await freeTcpPort(), metrics: await freeTcpPort() };
  const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [`${name.toUpperCase()}_PORT`, String(port)]));
  const daemon = await startProgram(['--config', kFile], { env, ports });
  try {
    const name = 'configured';
    const room = await new RoomServiceClient(daemon.http, kKey, kSecret).createRoom({ name });
    assert.equal(room.departureTimeout, 20);
    assert.equal((await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).status, 401);
    assert.doesNotMatch(daemon.log(), /unknown key/);
    const idle = [...daemon.log().matchAll(/every_key\.yaml:(\d+): ([\w.]+) is accepted but has no effect yet/g)];
    assert.equal(new Set(idle.map((match) => match[2])).size, idle.length);
    // Each line stands for the key that is there.
    const lines = fs.readFileSync(kFile, 'utf8').split('\n');
    for (const [, line, key] of idle) assert.match(lines[line - 1], new RegExp(`^ *${key.split('.').at(-1)}:`), key);
  } finally {
    await daemon.stop();
  }
});
