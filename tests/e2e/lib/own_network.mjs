// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A network namespace for a test file whose daemons have the ports that somebody wrote down: nothing else is
// in it, and one interface beside loopback has an address as a container's has.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const kAddress = '172.18.0.2';

const kSetUp = `ip link set lo up
  ip link add eth0 type veth peer name eth1
  ip addr add ${kAddress}/16 dev eth0
  ip link set eth0 up
  ip link set eth1 up
  ip route add default via 172.18.0.1 dev eth0`;

/**
 * Runs the file again in namespaces of its own, `flags` those of unshare's, after the shell script `setUp`, and
 * ends this process with its result. Returns inside with nothing, and where that is not allowed with the reason.
 */
export function moveInside(url, flags, setUp) {
  if (process.env.OWN_NETWORK) return null;
  const inside = (words, options) => {
    const [program, ...rest] = [...(process.getuid() === 0 ? ['unshare'] : ['unshare', '--map-root-user']), ...flags,
      'sh', '-ec', `{ ${setUp}\n} >&2; exec "$@"`, 'sh', ...words];
    return spawnSync(program, rest, options);
  };
  const tried = inside(['true'], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (tried.status !== 0) return String(tried.error?.message ?? tried.stderr).trim();
  const { status } = inside([process.execPath, ...process.execArgv, fileURLToPath(url)], {
    stdio: 'inherit', env: { ...process.env, OWN_NETWORK: 'yes' },
  });
  return process.exit(status ?? 1);
}

/** As moveInside(), with the network above. Where that is not allowed the file goes on where it is, and needs the ports to be free. */
export function moveToOwnNetwork(url) {
  moveInside(url, ['--net'], kSetUp);
}
