// SPDX-License-Identifier: LGPL-2.1-or-later
//
// With E2E_RECORD a folder: what went over the wire in a test file and which keys its daemons were configured
// with, as <file>.json there, for ../coverage.mjs.

import fs from 'node:fs';
import path from 'node:path';

import { parse } from 'yaml';

const folder = process.env.E2E_RECORD;
const name = path.basename(process.argv[1] ?? '', '.test.mjs');
const seen = new Set();

const kLine = /\bsfu-traffic\b.* (request|response|data|twirp|webhook) (\S+)$/;

function note(kind, what) {
  if (seen.has(`${kind} ${what}`)) return;
  seen.add(`${kind} ${what}`);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify([...seen].sort(), null, 1)}\n`);
}

/** Every path of a configuration, those of sections too. */
function noteKeys(value, prefix = '') {
  if (!value || typeof value !== 'object' || Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    note('key', prefix + key);
    noteKeys(inner, `${prefix}${key}.`);
  }
}

/** The configuration of a daemon: its file, flags and variables. */
export function recordConfiguration(args, env) {
  if (!folder) return;
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--config') {
      try {
        noteKeys(parse(fs.readFileSync(args[i + 1], 'utf8')));
      } catch {
        // A test's broken one.
      }
    } else if (/^--[a-z]+[._][a-z_.]+$/.test(args[i])) {
      note('key', args[i].slice(2));
    }
  }
  for (const variable of Object.keys(env)) if (variable.startsWith('LIVEKIT_')) note('variable', variable);
}

/** More variables for the daemon, which make it print its traffic, beside what it prints without a GST_DEBUG. */
export const recordingEnvironment = () => (folder ? { GST_DEBUG: '2,sfu*:4,sfu-traffic:5', GST_DEBUG_NO_COLOR: '1' } : {});

/** Takes the daemon's output and gives it back without the lines that are for the record. */
export function makeRecorder() {
  if (!folder) return (text) => text;
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    return lines.filter((line) => {
      const found = kLine.exec(line);
      if (found) note(found[1], found[2]);
      return !found;
    }).map((line) => `${line}\n`).join('');
  };
}
