// SPDX-License-Identifier: LGPL-2.1-or-later

import { Api, Refused, canSign, developmentTokens, givenToken, signingKey } from './api.js';
import { h } from './dom.js';

const kStored = 'admin-token';

async function works(api) {
  await (api.home ? api.room(api.home) : api.rooms());
  return api;
}

/** Forgets a token that was typed in. */
export function signOut() {
  sessionStorage.removeItem(kStored);
  location.hash = '';
  location.reload();
}

/** Without asking: a token of this tab's, or of the server's development mode; null when there is none. */
export async function signInQuietly() {
  const stored = sessionStorage.getItem(kStored);
  if (stored) {
    try {
      return await works(new Api(givenToken(stored)));
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 404) throw error;
      sessionStorage.removeItem(kStored);
    }
  }
  const tokens = await developmentTokens();
  return tokens && new Api(tokens);
}

/** Shows the form; `done` gets the Api that works. */
export function askForToken(view, done) {
  const problem = h('p', { class: 'error', role: 'alert', hidden: true });
  const attempt = async (form, make) => {
    problem.hidden = true;
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      done(await works(make()));
    } catch (error) {
      problem.textContent = error instanceof Refused ? `The server says: ${error.message}` : `The server does not answer: ${error.message}`;
      problem.hidden = false;
      button.disabled = false;
    }
  };
  const byToken = h('form', {
    onsubmit: (event) => {
      event.preventDefault();
      const token = byToken.elements.token.value.trim();
      attempt(byToken, () => new Api(givenToken(token))).then(() => {
        if (problem.hidden) sessionStorage.setItem(kStored, token);
      });
    },
  },
  h('h2', {}, 'With a token'),
  h('label', { class: 'field' }, h('span', {}, 'Access token'),
    h('input', { name: 'token', required: true, autocomplete: 'off', spellcheck: 'false', placeholder: 'eyJhbGciOi…' })),
  h('p', { class: 'hint' }, 'With the grant roomList it shows the rooms, with roomAdmin and room that room: ',
    h('code', {}, 'lk token create --list --admin --room kitchen')),
  h('button', { class: 'primary' }, 'Look'));

  const byKey = h('form', {
    onsubmit: (event) => {
      event.preventDefault();
      const { key, secret } = byKey.elements;
      attempt(byKey, () => new Api(signingKey(key.value.trim(), secret.value)));
    },
  },
  h('h2', {}, 'With an API key'),
  h('label', { class: 'field' }, h('span', {}, 'API key'), h('input', { name: 'key', required: true, autocomplete: 'off', spellcheck: 'false' })),
  h('label', { class: 'field' }, h('span', {}, 'Secret'), h('input', { name: 'secret', type: 'password', required: true, autocomplete: 'off' })),
  h('p', { class: 'hint' }, canSign()
    ? 'Tokens are signed in this page. The secret is sent nowhere and forgotten with the page.'
    : 'Needs HTTPS, or a page from this machine: your browser signs nothing here.'),
  h('button', { class: 'primary', disabled: !canSign() }, 'Look'));

  view.replaceChildren(h('div', { class: 'sign-in' },
    h('h1', {}, 'See what goes on'),
    problem,
    h('div', { class: 'ways' }, byToken, byKey)));
}
