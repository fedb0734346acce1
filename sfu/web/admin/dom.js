// SPDX-License-Identifier: LGPL-2.1-or-later

const kSvg = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Makes an element: h('button', { class: 'x', onclick }, 'Text'). */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** The same for SVG. */
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(kSvg, tag), attributes, children);

/**
 * Lets `parent` have one child for each item, in order. `make(item)` gives { element, update(item) }; children
 * are kept by key, so that what somebody has selected or opened stays so.
 */
export function keyed(parent, items, keyOf, make) {
  parent.kept ??= new Map();
  const next = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const child = parent.kept.get(key) ?? make(item);
    child.update(item);
    next.set(key, child);
  }
  for (const [key, child] of parent.kept) if (!next.has(key)) child.element.remove();
  let at = parent.firstElementChild;
  for (const { element } of next.values()) {
    if (element === at) at = at.nextElementSibling;
    else parent.insertBefore(element, at);
  }
  parent.kept = next;
}

/** Sets text only where it changes. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A figure of the page: what is read is rounded, what is exact stands in data-value. */
export function setFigure(element, text, value) {
  setText(element, text);
  element.dataset.value = value ?? '';
}

/** Colours for things by name, in the order in which they come, each far from those before. */
export class Palette {
  constructor() {
    this.hues = new Map();
  }

  hue(name) {
    if (!this.hues.has(name)) this.hues.set(name, (215 + this.hues.size * 137.5) % 360);
    return Math.round(this.hues.get(name));
  }

  color(name) { return `hsl(${this.hue(name)} 68% 64%)`; }
}

export function initialsOf(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return '?';
  const letters = words.length === 1 ? [[...words[0]][0]] : [words[0], words.at(-1)].map((word) => [...word][0]);
  return letters.join('').toUpperCase();
}

export function bits(perSecond) {
  if (perSecond >= 999500) return `${(perSecond / 1e6).toFixed(perSecond >= 9.95e6 ? 1 : 2)} Mbit/s`;
  if (perSecond >= 1000) return `${Math.round(perSecond / 1e3)} kbit/s`;
  return `${Math.round(perSecond)} bit/s`;
}

export function percent(share) {
  if (share === 0) return '0 %';
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
}

export function milliseconds(time) {
  if (time === null || time === undefined) return '–';
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
}

export function count(number) {
  return number.toLocaleString('en').replaceAll(',', ' ');
}

export function lasting(seconds) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [size, unit] = parts[first];
  const rest = parts[first + 1];
  const text = `${Math.floor(seconds / size)} ${unit}`;
  const more = rest && size > 60 ? Math.floor((seconds % size) / rest[0]) : 0;
  return more ? `${text} ${more} ${rest[1]}` : text;
}

const kSources = {
  CAMERA: 'camera', MICROPHONE: 'microphone', SCREEN_SHARE: 'screen', SCREEN_SHARE_AUDIO: 'screen audio',
};
export const sourceName = (source, kind) => kSources[source] ?? kind.toLowerCase();

const kQualityNames = { EXCELLENT: 'excellent', GOOD: 'good', POOR: 'poor', LOST: 'lost' };
export const qualityName = (quality) => kQualityNames[quality] ?? 'not rated';
