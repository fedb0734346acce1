// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Plays room.m3u8, or what ?src= names, close to its live end, and again when the stream was away.

const video = document.getElementById('video');
const state = document.getElementById('state');
const sound = document.getElementById('sound');
const source = new URLSearchParams(location.search).get('src') ?? 'room.m3u8';

const kSettings = {
  // Seconds behind the end of the newest segment. The next one is a second later, and the playlist is looked at
  // once in that time: with less the picture would stop for want of a segment.
  liveSyncDuration: 1.5,
  liveMaxLatencyDuration: 6,  // From where it jumps; below it catches up by playing faster.
  maxLiveSyncPlaybackRate: 1.25,
  liveSyncOnStallIncrease: 0.2,
  backBufferLength: 10,
};
const kRetryAfter = 500;  // milliseconds

function say(text, live = false) {
  state.textContent = text;
  state.classList.toggle('live', live);
}

function play() {
  const hls = new Hls(kSettings);
  hls.on(Hls.Events.ERROR, (event, { fatal, type, details }) => {
    if (!fatal) return;
    console.log(`hls.js: ${details}`);
    if (type === Hls.ErrorTypes.MEDIA_ERROR) return hls.recoverMediaError();
    // There is no playlist yet, or no more: a stream that begins anew has other segments.
    say('Waiting for the stream');
    hls.destroy();
    return setTimeout(play, kRetryAfter);
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().catch(() => say('Press play')));
  hls.loadSource(source);
  hls.attachMedia(video);
}

video.addEventListener('playing', () => say('Live', true));
video.addEventListener('waiting', () => say('Waiting for the stream'));
video.addEventListener('pause', () => say('Paused'));
video.addEventListener('volumechange', () => { sound.hidden = !video.muted; });
sound.addEventListener('click', () => { video.muted = false; });

if (Hls.isSupported()) {
  play();
} else if (video.canPlayType('application/vnd.apple.mpegurl')) {
  video.src = source;
} else {
  say('This browser plays no HLS');
}
