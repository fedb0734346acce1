// SPDX-License-Identifier: LGPL-2.1-or-later

import { createLocalAudioTrack, createLocalVideoTrack, VideoPresets } from 'livekit-client';

import { deviceSelect, levelMeter } from './devices.js';
import { h, hueOf, initialsOf } from './dom.js';
import { icon } from './icons.js';

const kCamera = { resolution: VideoPresets.h720.resolution };

/** Makes, drops and replaces one local track; `changed` is called after each of it. */
class PreviewTrack {
  constructor(create, changed) {
    this.create = create;
    this.changed = changed;
    this.track = null;
    this.error = null;
    this.deviceId = undefined;
    this.pending = Promise.resolve();
  }

  turnOn(deviceId = this.deviceId) {
    this.deviceId = deviceId;
    this.turnOff();
    this.pending = this.pending.then(() => this.open(deviceId));
  }

  async open(deviceId) {
    this.track?.stop();
    try {
      this.track = await this.create(deviceId);
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.changed();
  }

  turnOff() {
    this.track?.stop();
    this.track = null;
    this.changed();
  }

  /** Hands the track over to the call, once the browser has answered for it. */
  async take() {
    await this.pending;
    const { track } = this;
    this.track = null;
    return track;
  }
}

function reasonFor(error) {
  if (!navigator.mediaDevices) return 'Cameras and microphones need https or localhost';
  if (error?.name === 'NotAllowedError') return 'The browser does not allow the camera';
  if (error?.name === 'NotFoundError') return 'No camera found';
  return error ? 'The camera did not start' : 'Camera is off';
}

function roundButton(names, labels, onclick) {
  const button = h('button', { type: 'button', class: 'round', onclick });
  button.show = (on) => {
    button.replaceChildren(icon(on ? names[0] : names[1]));
    button.classList.toggle('off', !on);
    button.setAttribute('aria-label', on ? labels[0] : labels[1]);
    button.title = on ? labels[0] : labels[1];
  };
  return button;
}

function previewPane(camera, microphone) {
  const meter = levelMeter();
  const video = h('video', { class: 'mirrored', playsinline: true, autoplay: true, 'aria-label': 'Your camera' });
  video.muted = true;
  const avatar = h('div', { class: 'avatar' });
  const reason = h('p', { class: 'reason' });
  const micButton = roundButton(['microphone', 'microphoneOff'], ['Turn microphone off', 'Turn microphone on'],
    () => (microphone.track ? microphone.turnOff() : microphone.turnOn()));
  const camButton = roundButton(['camera', 'cameraOff'], ['Turn camera off', 'Turn camera on'],
    () => (camera.track ? camera.turnOff() : camera.turnOn()));
  let metered = null;

  function show(name) {
    avatar.textContent = initialsOf(name || 'You');
    avatar.style.setProperty('--hue', hueOf(name || 'You'));
    video.hidden = !camera.track;
    if (camera.track) camera.track.attach(video);
    reason.textContent = reasonFor(camera.error);
    micButton.show(Boolean(microphone.track));
    camButton.show(Boolean(camera.track));
    if (metered !== microphone.track) {
      metered = microphone.track;
      if (metered) meter.start(metered);
      else meter.stop();
    }
  }

  const element = h('div', { class: 'preview' },
    h('div', { class: 'placeholder' }, avatar, reason), video,
    h('div', { class: 'preview-bar' }, micButton, camButton, meter.element));
  return { element, show, close: () => meter.stop() };
}

/**
 * The first screen: who, where and with which devices. Resolves with what the call needs once the
 * participant joins: { name, room, token?, camera, microphone } with ready LiveKit tracks or null.
 */
export function lobby(root, defaults) {
  return new Promise((resolve) => {
    let pane = null;
    let cameraSelect = null;
    let microphoneSelect = null;
    const name = h('input', { name: 'name', required: true, maxlength: 60, autocomplete: 'nickname', placeholder: 'How others see you', value: defaults.name });
    const room = h('input', { name: 'room', required: true, maxlength: 256, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', placeholder: 'living-room', value: defaults.room });
    const token = defaults.needsToken
      ? h('input', { name: 'token', required: true, autocomplete: 'off', spellcheck: 'false', value: defaults.token || '' })
      : null;
    const changed = () => {
      pane?.show(name.value);
      cameraSelect?.refresh();
      microphoneSelect?.refresh();
    };
    const camera = new PreviewTrack((deviceId) => createLocalVideoTrack({ ...kCamera, deviceId }), changed);
    const microphone = new PreviewTrack((deviceId) => createLocalAudioTrack({ deviceId }), changed);
    pane = previewPane(camera, microphone);
    cameraSelect = deviceSelect('videoinput', () => camera.deviceId, (id) => camera.turnOn(id));
    microphoneSelect = deviceSelect('audioinput', () => microphone.deviceId, (id) => microphone.turnOn(id));
    name.oninput = () => pane.show(name.value);

    const form = h('form', { class: 'card', onsubmit: join },
      h('h1', {}, 'Join a call'),
      h('p', { class: 'hint' }, 'Everyone with the same room name meets in one room.'),
      defaults.error ? h('p', { class: 'error', role: 'alert' }, defaults.error) : null,
      h('label', { class: 'field' }, h('span', {}, 'Your name'), name),
      h('label', { class: 'field' }, h('span', {}, 'Room'), room),
      token ? h('label', { class: 'field' }, h('span', {}, 'Access token'), token) : null,
      h('button', { class: 'primary', type: 'submit' }, 'Join'));
    root.replaceChildren(h('main', { class: 'lobby' },
      h('section', { class: 'stage', 'aria-label': 'Preview' }, pane.element,
        h('div', { class: 'devices' }, microphoneSelect.field, cameraSelect.field)),
      form));
    (defaults.name ? form.querySelector('.primary') : name).focus();
    pane.show(name.value);
    if (defaults.microphone) microphone.turnOn();
    if (defaults.camera) camera.turnOn();

    async function join(event) {
      event.preventDefault();
      form.querySelector('.primary').disabled = true;
      const tracks = { camera: await camera.take(), microphone: await microphone.take() };
      pane.close();
      cameraSelect.close();
      microphoneSelect.close();
      resolve({
        name: name.value.trim(),
        room: room.value.trim(),
        token: token?.value.trim() || defaults.token,
        ...tracks,
      });
    }
  });
}
