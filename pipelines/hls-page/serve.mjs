// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Gives out what `pipelines/run hls` writes, with a page that plays it:
//
//   node pipelines/hls-page/serve.mjs <folder> [<port> [<address>]]     http://127.0.0.1:8080/
//   node pipelines/hls-page/serve.mjs --copy <folder>                   the page into the folder, for another web server
//
// Installs hls.js at its first run.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const library = path.join(here, 'node_modules/hls.js/dist/hls.light.min.js');
const kPage = {
  'index.html': path.join(here, 'index.html'),
  'player.js': path.join(here, 'player.js'),
  'hls.light.min.js': library,
};
const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.ts': 'video/mp2t',
};

function installPackages() {
  const lock = fs.readFileSync(path.join(here, 'package-lock.json'), 'utf8');
  const stamp = path.join(here, 'node_modules/.installed-lock');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  fs.writeFileSync(stamp, lock);
}

/** Of the request's path, without folders: nothing else is given out. */
function fileOf(request, folder) {
  const name = path.posix.basename(request.url.split(/[?#]/)[0]) || 'index.html';
  if (Object.hasOwn(kPage, name)) return kPage[name];
  return ['.m3u8', '.ts'].includes(path.extname(name)) ? path.join(folder, name) : null;
}

function serve(folder, port, address) {
  const server = http.createServer((request, response) => {
    const file = fileOf(request, folder);
    fs.readFile(file ?? '', (error, bytes) => {
      if (error) return response.writeHead(404).end();
      response.writeHead(200, { 'content-type': kTypes[path.extname(file)], 'cache-control': 'no-cache' });
      return response.end(request.method === 'HEAD' ? undefined : bytes);
    });
  });
  server.on('error', (error) => fail(error.message));
  server.listen(port, address, () => console.log(`http://${address}:${server.address().port}/`));
}

function fail(message) {
  console.error(`serve.mjs: ${message}`);
  process.exit(1);
}

const words = process.argv.slice(2);
if (words[0] === '--install') {
  installPackages();
  process.exit(0);
}
const copy = words[0] === '--copy';
if (copy) words.shift();
const [folder, port = '8080', address = '127.0.0.1'] = words;
if (!folder || !fs.existsSync(folder)) fail('which folder does the stream go to? serve.mjs <folder> [<port> [<address>]]');
if (!/^\d+$/.test(port) || Number(port) > 65535) fail(`"${port}" is no port`);
installPackages();
if (copy) for (const [name, file] of Object.entries(kPage)) fs.copyFileSync(file, path.join(folder, name));
else serve(path.resolve(folder), Number(port), address);
