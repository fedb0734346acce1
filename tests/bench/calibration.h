// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace gstlk::bench {

// Nanoseconds of CPU that OpenSSL takes to seal a 1,200-byte packet with warm caches, now, on this
// thread: about 500 on an idle core of the machines that the budgets were measured on. More tells
// that others used the core or its caches while a figure was taken.
double calibrate_ns();

}  // namespace gstlk::bench
