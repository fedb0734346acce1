// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekit-server-sdk signs with the global WebCrypto, which Node 18 keeps behind a flag.

import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
