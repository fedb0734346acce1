// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Serves the pages of the tests over http://127.0.0.1, where browsers allow cameras. Each page is one
// entry of pages/, bundled by esbuild with the client it is written for.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import esbuild from 'esbuild';

const folder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

// page: [entry file, what 'livekit-client' means in it]
const kPages = {
  newest: ['pages/client.js', 'livekit-client'],
  v1_15: ['pages/client.js', 'livekit-client-1.15'],
  v2_0: ['pages/client.js', 'livekit-client-2.0'],
  v2_9: ['pages/client.js', 'livekit-client-2.9'],
  components: ['pages/components.jsx', 'livekit-client'],
};

async function bundle(entry, client) {
  const result = await esbuild.build({
    entryPoints: [path.join(folder, entry)],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    outdir: '/out',
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: client === 'livekit-client' ? [] : [{
      name: 'client',
      setup(build) {
        build.onResolve({ filter: /^livekit-client$/ }, (args) =>
          build.resolve(client, { kind: args.kind, resolveDir: folder }));
      },
    }],
    logLevel: 'warning',
    logOverride: { 'import-is-undefined': 'silent' },  // 1.15 and 2.0 have no RPC and are not asked for it.
  });
  const text = (extension) => result.outputFiles.find((file) => file.path.endsWith(extension))?.text ?? '';
  return `<!doctype html><meta charset="utf-8"><title>e2e</title><style>${text('.css')}</style>` +
    `<body><div id="app"></div><script type="module">${text('.js').replaceAll('</script', '<\\/script')}</script>`;
}

// What the client library wants as a file of its own, beside the page.
const kWorkers = /^livekit-client\.[a-z0-9]+\.worker\.mjs$/;
const worker = (name) => fs.readFileSync(path.join(folder, 'node_modules/livekit-client/dist', name));

export async function startSite() {
  const made = new Map();
  const server = http.createServer(async (request, response) => {
    const name = new URL(request.url, 'http://localhost').pathname.slice(1);
    if (kWorkers.test(name)) return response.writeHead(200, { 'content-type': 'text/javascript' }).end(worker(name));
    if (!kPages[name]) return response.writeHead(404).end();
    if (!made.has(name)) made.set(name, bundle(...kPages[name]));
    response.writeHead(200, { 'content-type': 'text/html' });
    return response.end(await made.get(name));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: (name) => `http://127.0.0.1:${server.address().port}/${name}`,
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections?.();
    }),
  };
}
