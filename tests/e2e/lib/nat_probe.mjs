// SPDX-License-Identifier: LGPL-2.1-or-later
//
// nat_probe.mjs <address> <address> <command...>: prints as JSON the ports that one UDP socket has, as each of these
// addresses sees it, when the command starts the half of it that sends.

import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';

const [first, second, ...command] = process.argv.slice(2);

async function send() {
  const socket = dgram.createSocket('udp4');
  const [addresses, ports] = [[first, second], command.slice(1).map(Number)];
  for (let i = 0; i < 20; i += 1) {
    addresses.forEach((address, k) => socket.send('probe', ports[k], address));
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  socket.close();
}

async function receive() {
  const sockets = [first, second].map((address) => dgram.createSocket('udp4').bind(0, address));
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  const [program, ...words] = [...command, process.execPath, process.argv[1], first, second, '--send',
    ...sockets.map((socket) => String(socket.address().port))];
  const sender = spawn(program, words, { stdio: 'inherit' });
  const seen = await Promise.all(sockets.map(async (socket) => (await once(socket, 'message'))[1].port));
  console.log(JSON.stringify(seen));
  sockets.forEach((socket) => socket.close());
  sender.kill();
}

await (command[0] === '--send' ? send() : receive());
