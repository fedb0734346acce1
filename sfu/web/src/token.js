// SPDX-License-Identifier: LGPL-2.1-or-later

/** The WebSocket address of the server this page came from. */
export function serverUrl() {
  return location.origin.replace(/^http/, 'ws');
}

/** A name for this participant that survives a reload of the tab but differs between tabs. */
export function identityFor(name) {
  let suffix = sessionStorage.getItem('identity-suffix');
  if (!suffix) {
    suffix = Math.random().toString(36).slice(2, 8);
    sessionStorage.setItem('identity-suffix', suffix);
  }
  return `${name}-${suffix}`;
}

/**
 * Asks the daemon for a token, which it gives in development mode. null: it does not, so whoever
 * runs the server has to hand out tokens (`?token=` in the address).
 */
export async function fetchToken(room, name) {
  const query = new URLSearchParams({ room, name, identity: identityFor(name) });
  const response = await fetch(`/dev/token?${query}`);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`the server refused a token: ${await response.text()}`);
  const { token, url } = await response.json();
  return { token, url: url || serverUrl() };
}
