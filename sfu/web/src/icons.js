// SPDX-License-Identifier: LGPL-2.1-or-later

// Line icons on a 24 by 24 grid, drawn for this page.
const kPaths = {
  microphone: 'M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3',
  microphoneOff: 'M9 9v2.5a3 3 0 0 0 4.8 2.4M15 11.5v-5a3 3 0 0 0-5.8-1.1M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18.5 11.5a6.4 6.4 0 0 1-.6 2.7M12 18v3M4 3.5l16 17',
  camera: 'M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM15.5 10.8l6-3.3v9l-6-3.3',
  cameraOff: 'M9.5 6.5h4a2 2 0 0 1 2 2v2.3l6-3.3v9l-4-2.2M15 17a2 2 0 0 1-1.5.5h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2M4 3.5l16 17',
  screen: 'M4 4.5h16a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15V6A1.5 1.5 0 0 1 4 4.5ZM8.5 20h7M12 13.5v-6M9.3 10l2.7-2.7 2.7 2.7',
  chat: 'M4.5 4.5h15a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8l-4.5 4v-4h-2.5a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2ZM7.5 9h9M7.5 12.2h5.5',
  leave: 'M3.2 14.3c-.9-1.4-.8-3.2.4-4.2C5.8 8.2 8.8 7.3 12 7.3s6.2.9 8.4 2.8c1.2 1 1.3 2.8.4 4.2l-.4.6c-.4.6-1.1.8-1.8.6l-2.5-1c-.7-.3-1.1-1-1-1.7l.2-1.3a11 11 0 0 0-6.6 0l.2 1.3c.1.7-.3 1.4-1 1.7l-2.5 1c-.7.2-1.4 0-1.8-.6Z',
  link: 'M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1.2-1.2',
  settings: 'M4 7h9M17.5 7H20M4 17h2.5M11 17h9M15.2 9.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6ZM8.8 19.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6Z',
  send: 'M4 12 20.5 4.5 15 20l-3.5-6.5L4 12ZM11.5 13.5 20.5 4.5',
  close: 'M6 6l12 12M18 6 6 18',
  people: 'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5c.4-3.3 3-5.5 6.5-5.5s6.1 2.2 6.5 5.5M15.5 4.9a3.5 3.5 0 0 1 0 6.2M18 14.6c2 .8 3.2 2.5 3.5 4.9',
  speaker: 'M4 9.5v5h3.5l5 4v-13l-5 4H4ZM16 9a4.2 4.2 0 0 1 0 6M18.7 6.5a8 8 0 0 1 0 11',
};

/** The icon as an SVG element, hidden from screen readers: the button around it has the label. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', kPaths[name]);
  svg.append(path);
  return svg;
}
