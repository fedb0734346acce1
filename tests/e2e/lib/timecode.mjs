// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The time of day in a picture: a bar of 40 black and white cells along its upper edge that has milliseconds since 1970
// modulo 2^32, with a checksum. What draws it is a camera, what reads it stands in a page.

export const kCamera = 'fdsrc do-timestamp=true blocksize=345600 ! rawvideoparse width=640 height=360 format=i420 framerate=30/1';

const kWidth = 640;
const kHeight = 360;
const kBar = 64;  // rows
const kCell = 16;

function cells(time) {
  const value = time % 2 ** 32;
  const bits = [...value.toString(2).padStart(32, '0')].map(Number);
  let check = 0;
  for (let i = 0; i < 32; i += 4) check ^= parseInt(bits.slice(i, i + 4).join(''), 2);
  return [1, 0, ...bits, ...[...check.toString(2).padStart(4, '0')].map(Number), 0, 1];
}

/** Writes pictures of 640 by 360, 30 a second, to `output` (the input of kCamera); returns what stops it. */
export function filmTheTime(output) {
  output.on('error', () => {});
  const begin = Date.now();
  let count = 0;
  const timer = setInterval(() => {
    // A picture that the pipeline does not take yet is none: it would be shown late.
    const due = Math.floor((Date.now() - begin) * 30 / 1000);
    if (due <= count || output.writableLength > 0) return;
    count = due;
    const picture = Buffer.alloc(kWidth * kHeight * 1.5, 128);
    const row = Buffer.alloc(kWidth);
    cells(Date.now()).forEach((bit, i) => row.fill(bit ? 235 : 16, i * kCell, (i + 1) * kCell));
    for (let y = 0; y < kBar; y += 1) row.copy(picture, y * kWidth);
    picture.fill(90, kBar * kWidth, kHeight * kWidth);
    // Something that moves, for the encoder and for who looks at it.
    for (let y = kBar + 40; y < kBar + 80; y += 1) picture.fill(200, y * kWidth + (count * 4) % 600, y * kWidth + (count * 4) % 600 + 40);
    output.write(picture);
  }, 5);
  return () => {
    clearInterval(timer);
    output.end();
  };
}

/** Reads the bar of each frame that a page's <video> shows: in the page, delays in ms go to window.delays. */
export function watchTheTime() {
  const video = document.querySelector('video');
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  window.delays = [];
  window.misread = 0;
  const read = () => {
    const now = Date.now();
    context.drawImage(video, 0, 0, 640, 360);
    const { data } = context.getImageData(0, 32, 640, 1);
    const bits = Array.from({ length: 40 }, (_, i) => (data[(i * 16 + 8) * 4] > 128 ? 1 : 0));
    const number = (from, to) => parseInt(bits.slice(from, to).join(''), 2);
    let check = 0;
    for (let i = 2; i < 34; i += 4) check ^= number(i, i + 4);
    const whole = bits[0] === 1 && bits[1] === 0 && bits[38] === 0 && bits[39] === 1;
    if (whole && check === number(34, 38)) window.delays.push((now % 2 ** 32) - number(2, 34));
    else window.misread += 1;
    video.requestVideoFrameCallback(read);
  };
  video.requestVideoFrameCallback(read);
}
