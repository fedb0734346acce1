// SPDX-License-Identifier: LGPL-2.1-or-later

const kBlockMs = 10;

// Runs in the audio thread: the loudness of each 10 ms, sent in batches.
const kProcessor = `
registerProcessor('loudness', class extends AudioWorkletProcessor {
  constructor() { super(); this.sum = 0; this.count = 0; this.batch = []; }
  process([input]) {
    const samples = input[0];
    for (let i = 0; i < (samples ? samples.length : 128); i += 1) {
      this.sum += samples ? samples[i] * samples[i] : 0;
      this.count += 1;
      if (this.count >= sampleRate * ${kBlockMs / 1000}) {
        this.batch.push(Math.sqrt(this.sum / this.count));
        this.sum = 0;
        this.count = 0;
      }
    }
    if (this.batch.length >= 10) { this.port.postMessage(this.batch); this.batch = []; }
    return true;
  }
});`;

/** Listens to what a remote audio track really plays, after decoding and concealment. */
export class AudioProbe {
  constructor(mediaStreamTrack) {
    this.blocks = [];
    this.recent = [];
    this.context = new AudioContext({ sampleRate: 48000 });
    this.ready = this.start(mediaStreamTrack);
  }

  async start(mediaStreamTrack) {
    const url = URL.createObjectURL(new Blob([kProcessor], { type: 'text/javascript' }));
    await this.context.audioWorklet.addModule(url);
    const source = this.context.createMediaStreamSource(new MediaStream([mediaStreamTrack]));
    const node = new AudioWorkletNode(this.context, 'loudness');
    node.port.onmessage = ({ data }) => {
      this.blocks.push(...data);
      this.recent = [...this.recent, ...data].slice(-100);
    };
    source.connect(node);
  }

  /** The loudest 10 ms of the last second, 0 to 1. */
  level() {
    return this.recent.length ? Math.max(...this.recent) : 0;
  }

  /** The longest run of quiet blocks since the last call; quiet is a tenth of the usual loudness. */
  takeSilence() {
    const blocks = this.blocks.splice(0);
    const usual = [...blocks].sort((a, b) => a - b)[Math.floor(blocks.length / 2)] ?? 0;
    let longest = 0;
    let run = 0;
    for (const block of blocks) {
      run = block < usual / 10 ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return { longestMs: longest * kBlockMs, listenedMs: blocks.length * kBlockMs, usual };
  }

  close() {
    this.context.close();
  }
}
