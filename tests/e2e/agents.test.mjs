// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Workers of @livekit/agents get jobs in each way there is, and their agents join with rtc-node.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { dispose, ParticipantKind } from '@livekit/rtc-node';
import { AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';

import { kParticipantJob, kPublisherJob, kRoomJob, startWorker } from './lib/agent_worker.mjs';
import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { NativeParticipant } from './lib/native.mjs';
import { freshRoom, joinToken, rawToken } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const kConfig = `
room:
  departure_timeout: 1
  room_configurations:
    noted: { agents: [{ agent_name: scribe, metadata: from the preset }] }
`;
const JS_RUNNING = 1;
const JS_FAILED = 3;

let daemon;
before(async () => { daemon = await startDaemon({ config: kConfig }); });
after(async () => {
  await daemon?.stop();
  dispose();
});

const rooms = () => new RoomServiceClient(daemon.http, kKey, kSecret);
const dispatches = () => new AgentDispatchClient(daemon.http, kKey, kSecret);

/** Runs with workers of these options and ends them and who joined, whatever happens. */
function agentTest(name, options, run) {
  test(name, { timeout: 60000 }, async () => {
    const workers = [];
    const guests = [];
    const join = async (room, identity, { grants = {}, claims = {} } = {}) => {
      const one = new NativeParticipant();
      guests.push(one);
      const token = Object.keys(claims).length
        ? rawToken({ sub: identity, video: { roomJoin: true, room, ...grants }, ...claims })
        : joinToken(room, identity, grants);
      await one.join(daemon.url, token);
      return one;
    };
    try {
      for (const words of options) workers.push(await startWorker(daemon, words));
      await run(workers, join);
    } catch (error) {
      error.message = [error.message, ...workers.map((worker) => worker.log()), daemon.log().slice(-3000)].join('\n');
      throw error;
    } finally {
      await Promise.allSettled(guests.map((guest) => guest.leave()));
      await Promise.all(workers.map((worker) => worker.stop()));
    }
  });
}

/** The agents that somebody in the room sees. */
const agentsSeenBy = (guest) => [...guest.room.remoteParticipants.values()]
  .filter((participant) => participant.kind === ParticipantKind.AGENT);

const agentSeenBy = (guest) => eventually(() => agentsSeenBy(guest)
  .find((agent) => agent.attributes['lk.agent.state'] === 'listening'), { timeout: 20000, what: 'the agent is there' });

agentTest('a room has an agent, which is a participant like others', [{}], async ([worker], join) => {
  const room = freshRoom('agents');
  const ada = await join(room, 'ada');
  const agent = await agentSeenBy(ada);
  const [job] = worker.lines('asked');
  assert.equal(agent.identity, `agent-${job}`);
  assert.equal(agent.name, 'helper');
  assert.equal(agent.metadata, 'made for tests');
  assert.equal(agent.attributes.colour, 'blue');
  assert.equal(agent.attributes['lk.agent_name'], '');
  assert.equal(agent.attributes.type, 'JT_ROOM');
  assert.equal(agent.attributes.job, job);

  const info = await rooms().getParticipant(room, agent.identity);
  assert.equal(info.kind, 4);
  assert.equal(info.permission.agent, true);
  assert.equal((await rooms().listRooms([room]))[0].numParticipants, 1, 'agents do not count');

  await ada.room.localParticipant.publishData(new TextEncoder().encode('hello'), { reliable: true });
  await eventually(() => ada.data.some((data) => data.text === 'ada said hello'), { what: 'the agent answers' });

  const [dispatch] = await dispatches().listDispatch(room);
  assert.match(dispatch.id, /^AD_/);
  assert.equal(dispatch.agentName, '');
  assert.equal(dispatch.state.jobs.length, 1);
  assert.equal(dispatch.state.jobs[0].id, job);
  assert.equal(dispatch.state.jobs[0].state.status, JS_RUNNING);
  assert.equal(dispatch.state.jobs[0].state.participantIdentity, agent.identity);
  assert.equal(dispatch.state.jobs[0].state.workerId, worker.lines('registered')[0]);

  await ada.room.localParticipant.publishData(new TextEncoder().encode('go'), { reliable: true });
  await worker.waitFor('ended');
  const ended = await eventually(async () => {
    const [{ state }] = await dispatches().listDispatch(room);
    return state.jobs[0].state.status === JS_FAILED && state.jobs[0].state;
  }, { what: 'the job has ended' });
  assert.equal(ended.error, 'agent worker left the room');
});

agentTest('participants and publishers have agents of their own', [{ type: kParticipantJob }, { type: kPublisherJob }],
  async ([participants, publishers], join) => {
    const room = freshRoom('own');
    const ada = await join(room, 'ada');
    const bob = await join(room, 'bob');
    await participants.waitFor('started', 2);
    assert.deepEqual(publishers.lines('asked'), []);
    await ada.publish();
    await publishers.waitFor('started', 1);
    await eventually(() => agentsSeenBy(bob).length === 3, { what: 'three agents' });
    const about = (type) => agentsSeenBy(bob).filter((agent) => agent.attributes.type === type)
      .map((agent) => agent.attributes.about).sort();
    await eventually(() => about('JT_PARTICIPANT').length === 2 && about('JT_PUBLISHER').length === 1, { what: 'their attributes' });
    assert.deepEqual(about('JT_PARTICIPANT'), ['ada', 'bob']);
    assert.deepEqual(about('JT_PUBLISHER'), ['ada']);
    assert.equal(publishers.lines('asked').length, 1, 'once, not for each track');
  });

agentTest('an agent with a name comes when it is asked for', [{ agentName: 'scribe' }], async ([scribe], join) => {
  const room = freshRoom('dispatch');
  const ada = await join(room, 'ada');
  const made = await dispatches().createDispatch(room, 'scribe', { metadata: 'write it down' });
  assert.match(made.id, /^AD_/);
  assert.equal(made.agentName, 'scribe');
  assert.equal(made.room, room);
  const agent = await agentSeenBy(ada);
  assert.equal(scribe.lines('asked').length, 1, 'and not before');
  assert.equal(agent.attributes['lk.agent_name'], 'scribe');
  assert.equal(agent.attributes.wishes, 'write it down');
  const found = await dispatches().getDispatch(made.id, room);
  assert.equal(found.state.jobs[0].agentName, 'scribe');

  await dispatches().deleteDispatch(made.id, room);
  await scribe.waitFor('ended');
  await eventually(() => agentsSeenBy(ada).length === 0, { what: 'the agent is gone' });
  assert.equal((await dispatches().listDispatch(room)).some((dispatch) => dispatch.id === made.id), false);
  await assert.rejects(dispatches().deleteDispatch(made.id, room), /dispatch ID not found/);
});

agentTest('tokens, CreateRoom and presets ask for agents by name', [{ agentName: 'scribe' }], async ([scribe], join) => {
  const byToken = freshRoom('token');
  const ada = await join(byToken, 'ada', { claims: { roomConfig: { agents: [{ agentName: 'scribe', metadata: 'of the token' }] } } });
  assert.equal((await agentSeenBy(ada)).attributes.wishes, 'of the token');

  const byPreset = freshRoom('preset');
  const bob = await join(byPreset, 'bob', { claims: { roomPreset: 'noted' } });
  assert.equal((await agentSeenBy(bob)).attributes.wishes, 'from the preset');

  const byRequest = freshRoom('request');
  await rooms().createRoom({ name: byRequest, agents: [{ agentName: 'scribe', metadata: 'of the request' }] });
  const eve = await join(byRequest, 'eve');
  assert.equal((await agentSeenBy(eve)).attributes.wishes, 'of the request');
  assert.equal(scribe.lines('asked').length, 3);
});

agentTest('the next worker is asked when one refuses, is full, or has gone',
  [{ refuse: true }, { load: 0.9, loadThreshold: 0.8 }, {}], async ([refuses, full, takes], join) => {
    // Its load is told every 2.5 s.
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
    const room = freshRoom('next');
    const ada = await join(room, 'ada');
    const first = await agentSeenBy(ada);
    assert.equal(takes.lines('asked').length, 1);
    assert.equal(full.lines('asked').length, 0);
    await ada.leave();

    takes.kill();
    await eventually(async () => {
      const other = freshRoom('nobody');
      await rooms().createRoom({ name: other });
      const [dispatch] = await dispatches().listDispatch(other);
      return dispatch.state.jobs.length === 0 && refuses.lines('asked').length > 1;
    }, { what: 'only the one that refuses is asked' });
    assert.ok(first.identity);
  });

test('/agent is for those with the grant', async () => {
  const ask = async (token, headers = {}) => {
    const request = http.get(`${daemon.http}/agent`, { headers: { authorization: `Bearer ${token}`, ...headers } });
    const [response, socket] = await Promise.race([once(request, 'response'), once(request, 'upgrade')]);
    (socket ?? response).destroy();
    return response.statusCode;
  };
  const upgrade = {
    Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
  };
  const granted = rawToken({ sub: 'w', video: { agent: true } });
  assert.equal(await ask(granted), 404, 'it is a WebSocket');
  assert.equal(await ask(granted, upgrade), 101);
  assert.equal(await ask(joinToken('r', 'a'), upgrade), 401);
  await assert.rejects(new AgentDispatchClient(daemon.http, kKey, 'wrong').listDispatch('r'), /401|invalid/i);
});
