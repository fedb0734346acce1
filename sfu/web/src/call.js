// SPDX-License-Identifier: LGPL-2.1-or-later

import { ConnectionState, DisconnectReason, Room, RoomEvent, Track } from 'livekit-client';

import { Chat } from './chat.js';
import { deviceSelect } from './devices.js';
import { h, toast } from './dom.js';
import { Grid } from './grid.js';
import { icon } from './icons.js';

const kReasons = {
  [DisconnectReason.DUPLICATE_IDENTITY]: 'You joined this call from somewhere else.',
  [DisconnectReason.PARTICIPANT_REMOVED]: 'You were removed from the call.',
  [DisconnectReason.ROOM_DELETED]: 'The call was ended.',
  [DisconnectReason.ROOM_CLOSED]: 'The call was ended.',
  [DisconnectReason.SERVER_SHUTDOWN]: 'The server is shutting down.',
};

function controlButton(iconName, label, onclick, extra = '') {
  return h('button', { type: 'button', class: `control ${extra}`, 'aria-label': label, title: label, onclick }, icon(iconName));
}

/** One call on the screen, from the first message to the server until somebody hangs up. */
class Call {
  constructor(root, joining) {
    this.root = root;
    this.joining = joining;
    this.room = new Room({ adaptiveStream: true, dynacast: true });
    this.grid = new Grid(this.room);
    this.chat = new Chat(this.room, (open) => this.chatButton.setAttribute('aria-pressed', open));
    this.audio = h('div', { hidden: true });
    this.selects = [];
  }

  /** Resolves when the participant hung up, rejects with a message when something else ended it. */
  async run({ url, token }) {
    this.draw();
    const ended = this.listen();
    try {
      await this.room.connect(url, token);
      this.grid.refresh();
      this.showPeople();
      this.banner(null);
      await this.publish();
      return await ended;
    } finally {
      this.close();
    }
  }

  async publish() {
    const local = this.room.localParticipant;
    const { camera, microphone, wanted } = this.joining;
    try {
      await Promise.all([
        microphone && local.publishTrack(microphone, { source: Track.Source.Microphone }),
        camera && local.publishTrack(camera, { source: Track.Source.Camera }),
        wanted?.microphone && local.setMicrophoneEnabled(true),
        wanted?.camera && local.setCameraEnabled(true),
      ]);
    } catch (error) {
      if (this.room.state === ConnectionState.Connected) toast(`Not everything could be sent: ${error.message}`, 'error');
    }
    this.showControls();
  }

  draw() {
    const { name } = this.joining;
    this.people = h('span', { class: 'people' });
    this.notice = h('div', { class: 'banner', role: 'status' });
    this.soundButton = h('button', { type: 'button', class: 'sound', hidden: true, onclick: () => this.room.startAudio() },
      icon('speaker'), 'Turn the sound on');
    this.micButton = controlButton('microphone', 'Microphone', () => this.toggle('Microphone'));
    this.camButton = controlButton('camera', 'Camera', () => this.toggle('Camera'));
    this.screenButton = controlButton('screen', 'Share your screen', () => this.toggle('ScreenShare'), 'wide-only');
    this.chatButton = controlButton('chat', 'Chat', () => this.chat.toggle());
    const bar = h('nav', { class: 'controls', 'aria-label': 'Call controls' },
      this.micButton, this.camButton, this.screenButton, this.chatButton,
      controlButton('settings', 'Devices', () => this.showDevices()),
      controlButton('leave', 'Leave the call', () => this.room.disconnect(), 'danger'));
    const head = h('header', { class: 'topbar' },
      h('h1', {}, this.joining.room), this.people,
      h('button', { type: 'button', class: 'pill', onclick: () => this.copyLink() }, icon('link'), h('span', {}, 'Copy link')));
    this.root.replaceChildren(h('main', { class: 'call' }, head, this.notice,
      h('div', { class: 'room' }, this.grid.element, this.chat.element), bar, this.soundButton, this.audio));
    this.banner(`Connecting as ${name} ...`);
    this.onKey = (event) => this.shortcut(event);
    document.addEventListener('keydown', this.onKey);
    this.showControls();
  }

  /** Follows the room; the promise settles with the end of the call. */
  listen() {
    const { room } = this;
    const changed = () => {
      this.grid.refresh();
      this.showControls();
      this.showPeople();
    };
    for (const event of [
      RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected, RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished, RoomEvent.TrackMuted, RoomEvent.TrackUnmuted, RoomEvent.LocalTrackPublished,
      RoomEvent.LocalTrackUnpublished, RoomEvent.ParticipantNameChanged, RoomEvent.TrackStreamStateChanged,
    ]) room.on(event, changed);
    room
      .on(RoomEvent.TrackSubscribed, (track) => {
        if (track.kind === Track.Kind.Audio) this.audio.append(track.attach());
        changed();
      })
      .on(RoomEvent.TrackUnsubscribed, (track) => {
        track.detach().forEach((element) => element.remove());
        changed();
      })
      .on(RoomEvent.ParticipantConnected, (who) => toast(`${who.name || who.identity} joined`))
      .on(RoomEvent.ParticipantDisconnected, (who) => toast(`${who.name || who.identity} left`))
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) => this.grid.showSpeakers(speakers))
      .on(RoomEvent.ConnectionQualityChanged, (quality, who) => this.grid.showQuality(who, quality))
      .on(RoomEvent.AudioPlaybackStatusChanged, () => { this.soundButton.hidden = room.canPlaybackAudio; })
      .on(RoomEvent.Reconnecting, () => this.banner('The connection was lost. Reconnecting ...'))
      .on(RoomEvent.SignalReconnecting, () => this.banner('The connection is shaky ...'))
      .on(RoomEvent.Reconnected, () => this.banner(null));
    return new Promise((resolve, reject) => {
      room.on(RoomEvent.Disconnected, (reason) => {
        if (reason === DisconnectReason.CLIENT_INITIATED) resolve();
        else reject(new Error(kReasons[reason] ?? 'The connection to the call was lost.'));
      });
    });
  }

  async toggle(source) {
    const local = this.room.localParticipant;
    try {
      await local[`set${source}Enabled`](!local[`is${source}Enabled`]);
    } catch (error) {
      if (error.name !== 'NotAllowedError') toast(error.message, 'error');
    }
    this.showControls();
  }

  showControls() {
    const local = this.room.localParticipant;
    const show = (button, on, icons, label) => {
      button.replaceChildren(icon(icons));
      button.classList.toggle('off', !on);
      button.setAttribute('aria-pressed', on);
      button.title = label;
    };
    const mic = local.isMicrophoneEnabled;
    const cam = local.isCameraEnabled;
    show(this.micButton, mic, mic ? 'microphone' : 'microphoneOff', mic ? 'Mute (m)' : 'Unmute (m)');
    show(this.camButton, cam, cam ? 'camera' : 'cameraOff', cam ? 'Turn camera off (v)' : 'Turn camera on (v)');
    this.screenButton.setAttribute('aria-pressed', local.isScreenShareEnabled);
    this.screenButton.hidden = !navigator.mediaDevices?.getDisplayMedia;
  }

  showPeople() {
    const count = this.room.remoteParticipants.size + 1;
    this.people.replaceChildren(icon('people'), h('span', { 'aria-label': `${count} in the call` }, `${count}`));
  }

  showDevices() {
    const current = (kind) => () => this.room.getActiveDevice(kind);
    const selects = ['audioinput', 'videoinput', 'audiooutput']
      .filter((kind) => kind !== 'audiooutput' || 'setSinkId' in HTMLMediaElement.prototype)
      .map((kind) => deviceSelect(kind, current(kind), (id) => this.room.switchActiveDevice(kind, id).catch((error) => toast(error.message, 'error'))));
    const dialog = h('dialog', { class: 'card', 'aria-label': 'Devices' }, h('h2', {}, 'Devices'),
      selects.map((select) => select.field),
      h('form', { method: 'dialog' }, h('button', { class: 'primary' }, 'Done')));
    dialog.onclose = () => {
      selects.forEach((select) => select.close());
      dialog.remove();
    };
    this.root.append(dialog);
    dialog.showModal();
  }

  async copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      toast('Link copied: send it to whoever should join');
    } catch {
      prompt('The link to this call', location.href);
    }
  }

  shortcut(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select, dialog')) return;
    if (event.key === 'm') this.toggle('Microphone');
    if (event.key === 'v') this.toggle('Camera');
    if (event.key === 'c') this.chat.toggle();
  }

  banner(text) {
    this.notice.textContent = text ?? '';
    this.notice.hidden = !text;
  }

  close() {
    document.removeEventListener('keydown', this.onKey);
    this.grid.close();
    this.room.disconnect();
  }
}

/** Shows the call in `root` until it ends. */
export function runCall(root, access, joining) {
  return new Call(root, joining).run(access);
}
