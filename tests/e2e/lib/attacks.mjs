// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What somebody does who wants to harm a server, as cheap as can be.

import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

import { sleep } from './wait.mjs';

/** A connection that knows whether the other side has closed it. */
function connect(port, onOpen = () => {}) {
  const socket = net.connect(port, '127.0.0.1', () => onOpen(socket));
  socket.isClosed = false;
  socket.on('error', () => {}).on('close', () => { socket.isClosed = true; });
  return socket;
}

/** So many connections that say `greeting` or nothing, read nothing of what comes, and stay. */
export async function openIdle(port, count, greeting = '') {
  const sockets = [];
  for (let i = 0; i < count; i += 1) {
    const socket = connect(port, () => greeting && socket.write(greeting));
    sockets.push(socket.resume());
    if (i % 100 === 99) await sleep(10);
  }
  return {
    open: () => sockets.filter((socket) => !socket.isClosed).length,
    destroy: () => sockets.forEach((socket) => socket.destroy()),
  };
}

/** What a client says first to begin with TLS. */
export async function clientHello() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});
  const [taken] = await once(server, 'connection');
  const [hello] = await once(taken, 'data');
  client.destroy();
  taken.destroy();
  server.close();
  return hello;
}

/** Requests that come a byte at a time, as long as they are let. Gives how many connections were closed for it. */
export async function slowLoris(port, count, milliseconds) {
  const request = `GET /rtc HTTP/1.1\r\nHost: localhost\r\nX-Slow: ${'x'.repeat(1000)}`;
  const sockets = Array.from({ length: count }, () => connect(port).resume());
  const end = performance.now() + milliseconds;
  for (let at = 0; performance.now() < end; at += 1) {
    for (const socket of sockets) if (!socket.isClosed) socket.write(request[at]);
    await sleep(200);
  }
  const closed = sockets.filter((socket) => socket.isClosed).length;
  sockets.forEach((socket) => socket.destroy());
  return closed;
}

/** Joins with what `makeToken` gives, so many a second at most; the answers' statuses with how often they came. */
export async function floodJoins(port, makeToken, { perSecond, milliseconds }) {
  const statuses = {};
  const end = performance.now() + milliseconds;
  const ask = () => new Promise((resolve) => {
    const socket = connect(port, () => socket.write(
      `GET /rtc?protocol=15&access_token=${makeToken()} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
      + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'));
    const finish = (status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      socket.destroy();
      resolve();
    };
    socket.once('data', (data) => finish(String(data).split(' ')[1])).once('error', () => finish('none'));
  });
  const asked = [];
  const start = performance.now();
  for (let count = 0; performance.now() < end;) {
    const due = Math.floor(((performance.now() - start) * perSecond) / 1000);
    for (; count < due; count += 1) asked.push(ask());
    await sleep(10);
  }
  await Promise.race([Promise.all(asked), sleep(5000)]);
  return statuses;
}

/** Many requests on each of many connections, of whose answers nothing is read. */
export function askWithoutReading(port, connections, requests, path) {
  const text = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(requests);
  const sockets = Array.from({ length: connections }, () => connect(port, (socket) => socket.write(text)).pause());
  return () => sockets.forEach((socket) => socket.destroy());
}

/**
 * So many requests with a body of `size` bytes that come all but for the last byte, half of them with Content-Length, and
 * then that. Gives the answers' statuses with how often they came.
 */
export async function sendLargeBodies(port, path, count, size, milliseconds) {
  const statuses = {};
  const part = Buffer.alloc(65536, 'x');
  const senders = Array.from({ length: count }, (_, i) => {
    const chunked = i % 2 === 1;
    const write = (socket, data) => socket.write(chunked ? Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]) : data);
    let status = 'none';
    const socket = connect(port, () => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
        + `${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`}\r\n\r\n`);
      for (let left = size - 1; left > 0; left -= part.length) write(socket, part.subarray(0, Math.min(left, part.length)));
    });
    socket.on('data', (data) => { if (status === 'none') [, status] = String(data).split(' '); });
    return { status: () => status, end: () => { if (socket.writable) socket.write(chunked ? '1\r\nx\r\n0\r\n\r\n' : 'x'); }, destroy: () => socket.destroy() };
  });
  await sleep(milliseconds);
  for (const sender of senders) sender.end();
  const end = performance.now() + 10000;
  while (performance.now() < end && senders.some((sender) => sender.status() === 'none')) await sleep(100);
  for (const sender of senders) {
    statuses[sender.status()] = (statuses[sender.status()] ?? 0) + 1;
    sender.destroy();
  }
  return statuses;
}

/** Text that does not get shorter when it is compressed. */
export const incompressible = (size) => crypto.randomBytes(size * 0.75).toString('base64');

/** Runs a program to its end; gives what it printed. */
export function finish([program, ...words], options = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, words, { timeout: 60000, ...options }, (error, stdout, stderr) =>
      (error ? reject(new Error(`${program}: ${error.message}\n${stdout}${stderr}`)) : resolve(stdout)));
  });
}
