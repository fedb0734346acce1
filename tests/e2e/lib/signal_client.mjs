// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A client of a few lines: the WebSocket and LiveKit's messages on it, no media. Thousands of them cost little.

import { once } from 'node:events';
import zlib from 'node:zlib';

import { SignalRequest, SignalResponse } from '@livekit/protocol';

import { frame, openWebSocket } from './raw_socket.mjs';
import { sleep } from './wait.mjs';

const kText = 1;
const kBinary = 2;
const kClose = 8;

/** The first whole frame of a server's bytes: { flags, opcode, payload, end }; undefined: it is not whole yet. */
function parseFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let length = bytes[1] & 0x7f;
  let start = 2;
  if (length >= 126) {
    start = length === 126 ? 4 : 10;
    if (bytes.length < start) return undefined;
    length = start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  }
  const end = start + length;
  return bytes.length < end ? undefined
    : { flags: bytes[0] & 0xf0, opcode: bytes[0] & 0x0f, payload: bytes.subarray(start, end), end };
}

export class SignalClient {
  #bytes = Buffer.alloc(0);
  #waiting = [];

  /** Everything the server said, in order: the `message` of each SignalResponse. */
  received = [];

  /** Resolves once the socket is open. `json`: text frames instead of protobuf; `parameters`: more of the query. */
  async open(daemon, token, { json = false, parameters = '' } = {}) {
    this.json = json;
    const path = `/rtc?access_token=${token}&auto_subscribe=1&protocol=16&sdk=js${parameters}`;
    this.socket = await openWebSocket(daemon, path, {}, (bytes) => this.#read(bytes));
    return this;
  }

  #read(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (let next = parseFrame(this.#bytes); next; next = parseFrame(this.#bytes)) {
      this.#bytes = this.#bytes.subarray(next.end);
      if (next.opcode === kText || next.opcode === kBinary) this.#handle(next);
      if (next.opcode === kClose) this.socket?.end();
    }
  }

  // Compressed ones each for itself: the handshake asks for no more, and the server has no context to take over.
  #handle({ flags, opcode, payload }) {
    const plain = flags & 0x40
      ? zlib.inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 255, 255])]), { finishFlush: zlib.constants.Z_SYNC_FLUSH })
      : payload;
    const { message } = opcode === kText ? SignalResponse.fromJsonString(plain.toString(), { ignoreUnknownFields: true }) : SignalResponse.fromBinary(plain);
    this.received.push(message);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The first message of this kind ("join"); waits for it. */
  async first(kind, limit = 20000) {
    const end = Date.now() + limit;
    for (;;) {
      const found = this.received.find((message) => message.case === kind);
      if (found) return found.value;
      const left = end - Date.now();
      if (left <= 0 || this.socket?.destroyed)
        throw new Error(`no ${kind}, but ${this.received.map((message) => message.case)}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1000));
        this.#waiting.push(() => { clearTimeout(timer); resolve(); });
      });
    }
  }

  request(kind, value) {
    const request = new SignalRequest({ message: { case: kind, value } });
    this.socket.write(this.json ? frame(kText, Buffer.from(request.toJsonString())) : frame(kBinary, Buffer.from(request.toBinary())));
  }

  /** Politely. */
  async leave() {
    this.request('leave', { reason: 1 });
    await Promise.race([once(this.socket, 'close'), sleep(5000)]);
    this.socket.destroy();
  }

  /** As a client whose network is gone. */
  vanish() {
    this.socket.destroy();
  }
}
