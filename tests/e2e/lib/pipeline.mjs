// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A GStreamer pipeline in a process of its own, by tests/support/pipeline_runner.cpp.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

import { builtProgram, kKey, kSecret } from './daemon.mjs';
import { eventually, sleep } from './wait.mjs';

/** The properties that let an element join `room` as `identity`. */
export const joins = (daemon, room, identity, url = daemon.url) =>
  `ws-url=${url} api-key=${kKey} secret-key=${kSecret} room-name=${room} identity=${identity}`;

/** Starts the pipeline; `stop()` ends it and fails when it crashed. */
export function startPipeline(line, { env = {} } = {}) {
  const program = builtProgram('tests/support/pipeline_runner');
  const child = spawn(program, [line.replace(/\s+/g, ' ')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { GST_DEBUG: '2', GST_DEBUG_NO_COLOR: '1', ...process.env, ...env },
  });
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const onExit = () => child.kill('SIGKILL');
  process.on('exit', onExit);
  const waiting = new Map();
  let nextId = 1;
  let log = '';
  child.stderr.on('data', (data) => { log = (log + data).slice(-100000); });
  child.stdin.on('error', () => {});

  const pipeline = {
    pid: child.pid,
    messages: [],
    exited,
    log: () => log,

    /** Element messages of one name, such as livekit-state. */
    elementMessages: (name) => pipeline.messages.filter((m) => m.bus === 'element' && m.name === name).map((m) => m.fields),
    errors: () => pipeline.messages.filter((m) => m.bus === 'error').map((m) => m.text),

    request(request) {
      const id = nextId;
      nextId += 1;
      child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
      return Promise.race([
        new Promise((resolve) => { waiting.set(id, resolve); }),
        exited.then(() => { throw new Error(`the pipeline has ended\n${pipeline.errors()}\n${log.slice(-3000)}`); }),
      ]);
    },
    set: (target, property, value) => pipeline.request({ set: target, property, value: String(value) }),
    get: (target, property) => pipeline.request({ get: target, property }),

    waitFor(name, matches, timeout = 15000) {
      return eventually(async () => pipeline.elementMessages(name).find(matches),
        { timeout, what: `the message ${name}` });
    },
    waitForState: (state, timeout) => pipeline.waitFor('livekit-state', (fields) => fields.state === state, timeout),

    async stop() {
      child.stdin.end();
      const how = await Promise.race([exited, sleep(10000)]);
      if (!how) child.kill('SIGKILL');
      process.off('exit', onExit);
      if (!how) throw new Error(`the pipeline did not end\n${log.slice(-3000)}`);
      if (how.signal) throw new Error(`the pipeline crashed: ${how.signal}\n${log.slice(-3000)}`);
    },
    kill: (signal = 'SIGKILL') => child.kill(signal),
  };
  readline.createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.startsWith('{')) {
      log += `${text}\n`;  // An assertion of a library.
      return;
    }
    const message = JSON.parse(text);
    if (message.answer) {
      waiting.get(message.answer)?.(message.value);
      waiting.delete(message.answer);
    } else {
      pipeline.messages.push(message);
    }
  });
  return pipeline;
}

/** `stage.test` for tests that run pipelines: `run(stage, start)`; those it started end with it. */
export const pipelineTests = (stage) => (name, run, options) => stage.test(name, async (s) => {
  const pipelines = [];
  const start = (line, more) => {
    const pipeline = startPipeline(line, more);
    pipelines.push(pipeline);
    return pipeline;
  };
  const told = (pipeline) => {
    const messages = pipeline.messages.filter((m) => !['state-changed', 'stream-status', 'tag'].includes(m.bus));
    return `\n${JSON.stringify(messages.slice(-10))}\n${pipeline.log().slice(-4000)}`;
  };
  try {
    await run(s, start);
  } catch (error) {
    error.message += pipelines.map(told).join('');
    throw error;
  } finally {
    await Promise.all(pipelines.map((pipeline) => pipeline.stop()));
  }
}, options);

/** Runs pipelines/run with these values; `end()` interrupts it as Ctrl-C does. `input` is a stream to write to when asked for. */
export function runPipeline(daemon, name, values = {}, { input = false } = {}) {
  const script = fileURLToPath(new URL('../../../pipelines/run', import.meta.url));
  const all = { url: daemon.url, ...values };
  const child = spawn(script, [name, ...Object.entries(all).map(([key, value]) => `${key}=${value}`)], {
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, MESON_BUILD_ROOT: path.resolve(path.dirname(process.env.LIVEKIT_SFU), '..') },
  });
  const onExit = () => child.kill('SIGKILL');
  process.on('exit', onExit);
  let log = '';
  child.stdout.on('data', (data) => { log += data; });
  child.stderr.on('data', (data) => { log += data; });
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
  return {
    exited,
    pid: child.pid,
    input: child.stdin,
    log: () => log.slice(-3000),
    kill: () => child.kill('SIGKILL'),
    async end() {
      child.kill('SIGINT');
      const code = await Promise.race([exited, sleep(10000)]);
      if (code === undefined) child.kill('SIGKILL');
      process.off('exit', onExit);
      assert.equal(code, 0, log.slice(-3000));
    },
  };
}
