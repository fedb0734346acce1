// SPDX-License-Identifier: LGPL-2.1-or-later

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

/** A folder of a test's own with cert.pem and key.pem in it; remove() it. */
export function certificateFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-tls-'));
  const files = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  return {
    ...files,
    /** Writes a new pair, signed by itself, and gives its fingerprint. */
    renew({ days = 2 } = {}) {
      const [key, certificate] = ['new-key.pem', 'new-cert.pem'].map((name) => path.join(folder, name));
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
        '-nodes', '-days', String(days), '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost',
        '-keyout', key, '-out', certificate], { stdio: ['ignore', 'ignore', 'pipe'] });
      fs.renameSync(certificate, files.certificate);
      fs.renameSync(key, files.key);
      return new X509Certificate(fs.readFileSync(files.certificate)).fingerprint256;
    },
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

/** The fingerprint of what a new connection to this port is shown. */
export async function shownCertificate(port) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
