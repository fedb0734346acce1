// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who asks, and the questions. A token comes from whoever runs the server, is signed here with an API key and
// its secret, which then never leave the page, or is given by a server in development mode.

const encode = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const encodeText = (text) => encode(new TextEncoder().encode(text));

export class Refused extends Error {}

/** Browsers sign only for pages that came over HTTPS or from this machine. */
export const canSign = () => Boolean(globalThis.crypto?.subtle);

async function sign(key, secret, claims) {
  const text = `${encodeText('{"alg":"HS256","typ":"JWT"}')}.${encodeText(JSON.stringify({ iss: key, ...claims }))}`;
  const bytes = new TextEncoder();
  const signer = await crypto.subtle.importKey('raw', bytes.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return `${text}.${encode(new Uint8Array(await crypto.subtle.sign('HMAC', signer, bytes.encode(text))))}`;
}

/** Each gives the token for a room; without a room one that lists them. `home`: the only room it is for. */
export const givenToken = (token) => {
  let video = {};
  try {
    const text = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
    video = JSON.parse(text).video ?? {};
  } catch { /* The server says what is wrong with it. */ }
  return { tokenFor: async () => token, home: video.roomList ? null : video.room };
};

export const signingKey = (key, secret) => ({
  tokenFor: (room = '') => {
    const now = Math.floor(Date.now() / 1000);
    const video = { roomList: true, roomAdmin: true, room };
    return sign(key, secret, { sub: 'admin', nbf: now - 5, exp: now + 300, video });
  },
});

/** null: the server is not in development mode. */
export async function developmentTokens() {
  const ask = async (room = '') => {
    const query = new URLSearchParams({ admin: '1', identity: 'admin', room });
    const response = await fetch(`../dev/token?${query}`);
    return response.ok ? (await response.json()).token : null;
  };
  if (!(await ask())) return null;
  return { tokenFor: ask };
}

export class Api {
  constructor(tokens) {
    this.tokens = tokens;
    this.kept = new Map();  // room: { token, until }
  }

  get home() { return this.tokens.home; }
  rooms() { return this.json('rooms'); }
  room(name) { return this.json(`rooms/${encodeURIComponent(name)}`, name); }
  pipeline(name) { return this.json(`rooms/${encodeURIComponent(name)}/pipeline`, name); }
  async dot(name) { return (await this.ask(`rooms/${encodeURIComponent(name)}/pipeline.dot`, name)).text(); }

  async json(path, room) {
    return (await this.ask(path, room)).json();
  }

  async ask(path, room) {
    const response = await fetch(path, { headers: { authorization: `Bearer ${await this.token(room)}` } });
    if (response.ok) return response;
    const error = new Refused((await response.text()).trim() || `status ${response.status}`);
    error.status = response.status;
    throw error;
  }

  async token(room) {
    const kept = this.kept.get(room);
    if (kept && kept.until > Date.now()) return kept.token;
    const token = await this.tokens.tokenFor(room);
    this.kept.set(room, { token, until: Date.now() + 240_000 });
    return token;
  }
}
