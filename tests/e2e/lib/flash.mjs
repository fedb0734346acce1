// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A flash and a beep in every second, and by how much they are apart in a recording, as ffmpeg finds them.

import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';

/** Half a minute of it, in a file in `folder` whose picture and sound begin together. */
export function flashAndBeep(folder) {
  const file = path.join(folder, 'flash.webm');
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi',
    '-i', "color=black:s=640x360:r=30,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.3)'",
    '-f', 'lavfi', '-i', "aevalsrc='if(lt(mod(t,1),0.3),0.8*sin(2*PI*1000*t),0)':s=48000",
    '-t', '30', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '30', '-c:a', 'libopus', file]);
  return file;
}

function times(file, what, pattern) {
  // As they are in the file, wherever it begins.
  const log = spawnSync('ffmpeg', ['-hide_banner', '-nostats', '-copyts', '-i', file, ...what, '-f', 'null', '-']).stderr.toString();
  return [...log.matchAll(pattern)].map((match) => parseFloat(match[1]));
}

/** By how many seconds the beep of `sound` is behind the flash of `picture`, at each flash with a beep near it. */
export function flashesAndBeeps(picture, sound = picture) {
  const flashes = times(picture, ['-an', '-vf', 'blackdetect=d=0.3:pix_th=0.5:pic_th=0.9'], /black_end:([\d.]+)/g);
  const beeps = times(sound, ['-vn', '-af', 'silencedetect=n=-30dB:d=0.3'], /silence_end: ([\d.]+)/g);
  return flashes.map((flash) => {
    const beep = beeps.reduce((best, time) => (Math.abs(time - flash) < Math.abs(best - flash) ? time : best), Infinity);
    return beep - flash;
  }).filter((offset) => Math.abs(offset) < 0.5);
}
