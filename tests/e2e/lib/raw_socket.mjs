// SPDX-License-Identifier: LGPL-2.1-or-later
//
// WebSockets written by hand, for what no client would send.

import crypto from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

/**
 * The head of a handshake; gives the socket once the server switched. `read` gets the bytes that come, which
 * are dropped without it.
 */
export function openWebSocket(daemon, path, headers = {}, read = () => {}) {
  return new Promise((resolve, reject) => {
    const { get } = daemon.http.startsWith('https:') ? https : http;
    const request = get(`${daemon.http}${path}`, {
      rejectUnauthorized: false,
      headers: {
        connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
        'sec-websocket-key': crypto.randomBytes(16).toString('base64'),
        'sec-websocket-extensions': 'permessage-deflate',
        ...headers,
      },
    });
    request.on('upgrade', (response, socket, head) => {
      socket.on('error', () => {});
      read(head);
      socket.on('data', read);
      resolve(socket);
    });
    request.on('response', (response) => reject(new Error(`status ${response.statusCode}`)));
    request.on('error', reject);
  });
}

/** A frame as clients send it; `flags` are the upper bits of its first byte. */
export function frame(opcode, payload, flags = 0x80) {
  const mask = crypto.randomBytes(4);
  const length = payload.length < 126 ? Buffer.from([payload.length | 0x80])
    : payload.length < 65536 ? Buffer.from([126 | 0x80, payload.length >> 8, payload.length & 255])
      : Buffer.from([127 | 0x80, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (payload.length >>> shift) & 255)]);
  const masked = Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]));
  return Buffer.concat([Buffer.from([flags | opcode]), length, mask, masked]);
}
