// SPDX-License-Identifier: LGPL-2.1-or-later

import { createAudioAnalyser, Room } from 'livekit-client';

import { h } from './dom.js';

const kLabels = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Speaker' };

/**
 * A labelled list of the devices of one kind which follows devices coming and going.
 * `choose(deviceId)` is called when the participant picks another one.
 */
export function deviceSelect(kind, current, choose) {
  const select = h('select', { onchange: () => choose(select.value) });
  const field = h('label', { class: 'field' }, h('span', {}, kLabels[kind]), select);

  async function refresh() {
    // false: list what is there, do not ask for permission.
    const devices = await Room.getLocalDevices(kind, false).catch(() => []);
    const chosen = select.value || current();
    select.replaceChildren(
      ...devices.map((device, i) => {
        const name = device.label || `${kLabels[kind]} ${i + 1}`;
        return h('option', { value: device.deviceId, selected: device.deviceId === chosen }, name);
      }),
    );
    select.disabled = devices.length === 0;
    if (devices.length === 0) select.append(h('option', {}, 'None found'));
  }

  navigator.mediaDevices?.addEventListener('devicechange', refresh);
  refresh();
  return {
    field,
    refresh,
    close: () => navigator.mediaDevices?.removeEventListener('devicechange', refresh),
  };
}

/** Bars that show how loud `track` is, so that people see that they can be heard. */
export function levelMeter(bars = 5) {
  const element = h('div', { class: 'meter', role: 'meter', 'aria-label': 'Microphone level', 'aria-valuemin': 0, 'aria-valuemax': bars });
  for (let i = 0; i < bars; i += 1) element.append(h('i'));
  let analyser = null;
  let timer = null;

  function show(level) {
    element.setAttribute('aria-valuenow', level);
    [...element.children].forEach((bar, i) => bar.classList.toggle('on', i < level));
  }

  function stop() {
    clearInterval(timer);
    analyser?.cleanup();
    analyser = null;
    show(0);
  }

  function start(track) {
    stop();
    analyser = createAudioAnalyser(track, { cloneTrack: false, smoothingTimeConstant: 0.5 });
    // calculateVolume() is 0 to 1 and speech sits low in it: the root spreads it over the bars.
    timer = setInterval(() => show(Math.round(Math.sqrt(analyser.calculateVolume()) * 1.3 * bars)), 60);
  }

  show(0);
  return { element, start, stop };
}
