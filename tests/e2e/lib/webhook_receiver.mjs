// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A backend that takes webhooks as LiveKit's documentation has it, with the unmodified WebhookReceiver.

import './web_crypto.mjs';

import { once } from 'node:events';
import http from 'node:http';

import { WebhookReceiver } from 'livekit-server-sdk';

import { kKey, kSecret } from './daemon.mjs';

async function read(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

class Receiver {
  constructor(key, secret) {
    this.verifier = new WebhookReceiver(key, secret);
    /** What was posted: { event, json, body, headers, status, at, path }; `event` is verified. */
    this.posts = [];
    /** Why a post could not be verified. */
    this.errors = [];
    /** What the next posts are answered with: a status, or { status, headers }, or a promise of that. */
    this.answer = () => 200;
    this.open = 0;
    this.mostOpen = 0;
    this.port = 0;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }
  /** Those that were taken. */
  get taken() { return this.posts.filter((post) => post.status < 300); }
  get names() { return this.taken.map((post) => post.event.event); }

  async listen() {
    this.server = http.createServer((request, response) => this.take(request, response));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
  }

  async take(request, response) {
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const post = { at: Date.now(), headers: request.headers, path: request.url, body: await read(request) };
    try {
      post.event = await this.verifier.receive(post.body, request.headers.authorization);
      post.json = JSON.parse(post.body);
    } catch (error) {
      this.errors.push(error);
    }
    const answer = await this.answer(post);
    post.status = answer.status ?? answer;
    this.posts.push(post);
    this.open -= 1;
    response.writeHead(post.status, answer.headers ?? {}).end('thank you');
  }

  async stop() {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

export async function startReceiver({ key = kKey, secret = kSecret } = {}) {
  const receiver = new Receiver(key, secret);
  await receiver.listen();
  return receiver;
}
