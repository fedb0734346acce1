// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bundles the page: build.mjs <output directory> <work directory> [--optional]
//
// The packages are installed into the work directory by `npm ci`, so the source tree stays clean,
// and again only when the lock file changed. With --optional a machine that cannot reach a package
// registry gets an empty page directory and a warning instead of a failed build.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const source = path.dirname(fileURLToPath(import.meta.url));
const [output, work] = process.argv.slice(2, 4).map((dir) => path.resolve(dir));
const optional = process.argv.includes('--optional');

function installPackages() {
  const lock = fs.readFileSync(path.join(source, 'package-lock.json'), 'utf8');
  const stamp = path.join(work, 'installed.lock');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  fs.mkdirSync(work, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    fs.copyFileSync(path.join(source, name), path.join(work, name));
  }
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  fs.writeFileSync(stamp, lock);
}

function bundle() {
  const esbuild = createRequire(path.join(work, 'package.json'))('esbuild');
  esbuild.buildSync({
    entryPoints: { app: path.join(source, 'src/main.js'), style: path.join(source, 'src/style.css') },
    outdir: path.join(output, 'assets'),
    bundle: true,
    minify: true,
    sourcemap: false,
    format: 'esm',
    target: ['chrome100', 'firefox102', 'safari15.4'],
    nodePaths: [path.join(work, 'node_modules')],
    legalComments: 'linked',
    logLevel: 'warning',
  });
  fs.copyFileSync(path.join(source, 'src/index.html'), path.join(output, 'index.html'));
  fs.copyFileSync(path.join(source, 'src/icon.svg'), path.join(output, 'assets/icon.svg'));
}

fs.rmSync(output, { recursive: true, force: true });
fs.mkdirSync(output, { recursive: true });
try {
  installPackages();
  bundle();
} catch (error) {
  if (!optional) throw error;
  fs.rmSync(output, { recursive: true, force: true });
  fs.mkdirSync(output, { recursive: true });
  console.error(`the page is left out: ${error.message}`);
}
// The build looks at the age of the directory, which writing inside of it does not change.
const now = new Date();
fs.utimesSync(output, now, now);
