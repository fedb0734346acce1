// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs one test file: run.mjs [--daemon <livekit-sfu>] [--tap] [--limit <seconds>] <name>.test.mjs
//
// Installs the packages of the lock file when they are not there, and never runs longer than the
// limit. Plain Node 18 does.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));

function installPackages() {
  const lock = fs.readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
  const stamp = path.join(folder, 'node_modules/.installed-lock');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  fs.writeFileSync(stamp, lock);
}

/** The page that plays a stream has packages of its own. */
function installPage() {
  execFileSync(process.execPath, [path.join(folder, '../../pipelines/hls-page/serve.mjs'), '--install'], { stdio: 'inherit' });
}

function parse(words) {
  const options = { files: [], limit: 300, reporter: 'spec', daemon: process.env.LIVEKIT_SFU };
  for (let i = 0; i < words.length; i += 1) {
    if (words[i] === '--daemon') options.daemon = path.resolve(words[(i += 1)]);
    else if (words[i] === '--limit') options.limit = Number(words[(i += 1)]);
    else if (words[i] === '--tap') options.reporter = 'tap';
    else if (words[i] === '--install') options.install = true;
    else options.files.push(path.resolve(words[i]));
  }
  return options;
}

/** Runs the files once; gives the exit code, and what was printed when it was captured. */
function attempt(options, captured) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [`--test-reporter=${options.reporter}`, ...options.files], {
      stdio: ['ignore', captured ? 'pipe' : 'inherit', 'inherit'],
      detached: true,  // A process group of its own, so that the end takes the daemon along.
      env: { ...process.env, LIVEKIT_SFU: options.daemon },
    });
    let output = '';
    child.stdout?.on('data', (bytes) => { output += bytes; });
    const end = () => process.kill(-child.pid, 'SIGKILL');
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    const limit = setTimeout(() => {
      output += `Bail out! not done within ${options.limit} s\n`;
      end();
    }, options.limit * 1000);
    child.on('exit', (code) => {
      clearTimeout(limit);
      process.off('SIGTERM', end);
      process.off('SIGINT', end);
      resolve({ code: code ?? 1, output });
    });
  });
}

const options = parse(process.argv.slice(2));
installPackages();
if (options.install) installPage();
if (!options.install) {
  // The thresholds are of real time, and a machine that is busy with something else for a moment misses
  // them: under --tap, as meson runs it, a file that fails is run once more, and its second result counts.
  // The first stays in the log as comments.
  let first = '';
  let result = await attempt(options, options.reporter === 'tap');
  if (result.code !== 0 && options.reporter === 'tap') {
    first = result.output;
    result = await attempt(options, true);
  }
  process.stdout.write(result.output);
  // Behind the second: nothing may stand in front of TAP's version.
  if (first) process.stdout.write(`# failed once, run again\n${first.replace(/^/gm, '# ')}\n`);
  process.exitCode = result.code;
}
