// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A participant in a process of its own, which a test can stop by signal: receives reliable messages that
// start with their number, and prints what came as a line of JSON for every hundred and at "end".
//
//   node data_counter.mjs <url> <token>

import { Room, RoomEvent } from '@livekit/rtc-node';

const [url, token] = process.argv.slice(2);
const seen = { messages: 0, bytes: 0, outOfOrder: 0 };
const room = new Room();
room.on(RoomEvent.DataReceived, (payload) => {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint32(0) !== seen.messages) seen.outOfOrder += 1;
  seen.messages += 1;
  seen.bytes += payload.byteLength;
  if (seen.messages % 100 === 0) console.log(JSON.stringify(seen));
});
await room.connect(url, token, { autoSubscribe: true, dynacast: false });
console.log(JSON.stringify(seen));
