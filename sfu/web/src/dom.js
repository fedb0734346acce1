// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Makes an element: h('button', { class: 'x', onclick }, 'Text'). Functions and known properties are
 * set as properties, everything else as attributes; null and false leave an attribute out.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Shows `text` for a moment at the top of the screen; screen readers speak it. */
export function toast(text, kind = 'info') {
  const note = h('div', { class: `toast ${kind}` }, text);
  document.getElementById('toasts').append(note);
  setTimeout(() => note.classList.add('gone'), 4000);
  setTimeout(() => note.remove(), 4400);
}

/** A stable colour for a participant without a picture. */
export function hueOf(text) {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return hash;
}

/** Up to two letters for the avatar. */
export function initialsOf(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return '?';
  const letters = words.length === 1 ? [...words[0]].slice(0, 1) : [words[0], words.at(-1)].map((w) => [...w][0]);
  return letters.join('').toUpperCase();
}
