// SPDX-License-Identifier: LGPL-2.1-or-later

import { callTests } from './lib/call_tests.mjs';

callTests('v2_0');
