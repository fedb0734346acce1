// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A worker of @livekit/agents in a process of its own: worker.mjs <json>. It prints a line when it is
// registered and for each job it is asked to do; its agents print theirs.

import { fileURLToPath } from 'node:url';

import { AgentServer, initializeLogger, ServerOptions } from '@livekit/agents';

const { type, refuse, load, ...options } = JSON.parse(process.argv[2]);
initializeLogger({ pretty: false, level: 'warn' });
const server = new AgentServer(new ServerOptions({
  agent: fileURLToPath(new URL('agent.mjs', import.meta.url)),
  serverType: type,
  host: '127.0.0.1',
  // The measured one is of a machine that runs a browser beside it.
  loadFunc: async () => load ?? 0.1,
  requestFunc: async (request) => {
    console.log(`asked ${request.id}`);
    if (refuse) await request.reject();
    else await request.accept('helper', `agent-${request.id}`, 'made for tests', { colour: 'blue' });
  },
  ...options,
}));
server.event.on('worker_registered', (id, info) => console.log(`registered ${id} ${info.agentProtocol}`));
process.on('SIGTERM', async () => {
  await server.close();
  process.exit(0);
});
await server.run();
