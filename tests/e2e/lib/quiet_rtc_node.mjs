// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Imported before rtc-node, it keeps that from having every line of its native half's log brought to JavaScript, where it
// drops them: 97 of 100 events, several thousand a second for ten busy rooms, behind which answers come too late.

import { createRequire } from 'node:module';

const bindings = createRequire(import.meta.url)('@livekit/rtc-ffi-bindings');
const { livekitInitialize } = bindings;
bindings.livekitInitialize = (callback, captureLogs, version) => livekitInitialize(callback, false, version);
