// SPDX-License-Identifier: LGPL-2.1-or-later

import { h, toast } from './dom.js';
import { icon } from './icons.js';

const kTopic = 'lk.chat';  // What LiveKit's own components use, so that they meet here.

/** Text with the links in it made clickable, built from nodes so that nothing is read as HTML. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, i) =>
    (i % 2 ? h('a', { href: part, target: '_blank', rel: 'noopener noreferrer' }, part) : part));
}

/** The chat beside the grid: text streams to everybody in the room. Nothing is kept. */
export class Chat {
  constructor(room, onOpen) {
    this.room = room;
    this.onOpen = onOpen;
    this.list = h('ol', { class: 'messages', role: 'log', 'aria-label': 'Messages' });
    this.empty = h('p', { class: 'hint' }, 'Messages are seen by everyone in the call now, and by nobody later.');
    this.input = h('input', { name: 'message', autocomplete: 'off', maxlength: 4000, placeholder: 'Write a message', 'aria-label': 'Message' });
    this.element = h('aside', { class: 'chat', 'aria-label': 'Chat', hidden: true },
      h('div', { class: 'chat-head' }, h('h2', {}, 'Chat'),
        h('button', { type: 'button', class: 'plain', 'aria-label': 'Close the chat', onclick: () => this.toggle() }, icon('close'))),
      this.empty, this.list,
      h('form', { class: 'chat-form', onsubmit: (event) => this.send(event) }, this.input,
        h('button', { class: 'send', 'aria-label': 'Send' }, icon('send'))));
    room.registerTextStreamHandler(kTopic, (reader, { identity }) => this.receive(reader, identity));
  }

  toggle() {
    this.element.hidden = !this.element.hidden;
    this.onOpen(!this.element.hidden);
    if (!this.element.hidden) this.input.focus();
  }

  async send(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = '';
    try {
      await this.room.localParticipant.sendText(text, { topic: kTopic });
      this.add('You', text, true);
    } catch (error) {
      this.input.value = text;
      toast(`Not sent: ${error.message}`, 'error');
    }
  }

  async receive(reader, identity) {
    const text = await reader.readAll();
    const name = this.room.getParticipantByIdentity(identity)?.name || identity;
    this.add(name, text, false);
    if (this.element.hidden) toast(`${name}: ${text.length > 120 ? `${text.slice(0, 120)} ...` : text}`);
  }

  add(name, text, own) {
    const time = new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    this.empty.hidden = true;
    this.list.append(h('li', { class: own ? 'own' : '' },
      h('div', { class: 'from' }, name, h('time', {}, time)), h('div', { class: 'text' }, linked(text))));
    this.list.scrollTop = this.list.scrollHeight;
  }
}
