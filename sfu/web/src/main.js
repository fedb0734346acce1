// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The page: a lobby, a call, and back. `?room=` and `?name=` fill the lobby in, `?token=` brings an
// access token, `&autojoin=1` skips the lobby and `&camera=0`, `&microphone=0` start without.

import { runCall } from './call.js';
import { toast } from './dom.js';
import { lobby } from './lobby.js';
import { fetchToken, serverUrl } from './token.js';

const root = document.getElementById('app');
const query = new URLSearchParams(location.search);

const choice = {
  name: query.get('name') ?? localStorage.getItem('name') ?? '',
  room: query.get('room') ?? 'living-room',
  token: query.get('token'),
  camera: query.get('camera') !== '0',
  microphone: query.get('microphone') !== '0',
  needsToken: false,
  error: null,
};

/** The call's address, the same for everybody who is to join. */
function remember({ name, room }) {
  localStorage.setItem('name', name);
  const link = new URL(location.pathname, location.origin);
  link.searchParams.set('room', room);
  history.replaceState(null, '', link);
  document.title = room;
}

async function accessFor(joining) {
  if (joining.token) return { token: joining.token, url: query.get('url') ?? serverUrl() };
  return fetchToken(joining.room, joining.name);
}

async function joinAndTalk(joining) {
  const access = await accessFor(joining);
  if (!access) {
    choice.needsToken = true;
    throw new Error('This server hands out no tokens itself. Paste the one you were given.');
  }
  remember(joining);
  await runCall(root, access, joining);
}

let autojoin = query.get('autojoin') === '1' && choice.name !== '';
for (;;) {
  const joining = autojoin ? { ...choice, camera: null, microphone: null, wanted: choice } : await lobby(root, choice);
  autojoin = false;
  choice.name = joining.name;
  choice.room = joining.room;
  choice.error = null;
  try {
    await joinAndTalk(joining);
    toast('You left the call');
  } catch (error) {
    joining.camera?.stop();
    joining.microphone?.stop();
    choice.error = error.message;
  }
}
