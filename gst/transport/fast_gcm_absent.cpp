// SPDX-License-Identifier: LGPL-2.1-or-later
// In place of fast_gcm.cpp in a build without intel-ipsec-mb.
#include <cstdlib>

#include "transport/fast_gcm.h"

namespace gstlk::transport {

struct FastGcm::Key {};

void FastGcm::Deleter::operator()(Key* key) const { delete key; }

bool FastGcm::available() { return false; }

// Nobody makes one.
FastGcm::FastGcm(std::span<const uint8_t, 16>, bool) { abort(); }
FastGcm::~FastGcm() = default;
FastGcm::FastGcm(FastGcm&&) noexcept = default;
FastGcm& FastGcm::operator=(FastGcm&&) noexcept = default;
void FastGcm::begin(std::span<const uint8_t, 12>, ByteView) {}
void FastGcm::update(ByteView, uint8_t*) {}
void FastGcm::finish(std::span<uint8_t, 16>) {}
void FastGcm::prefetch_context() const {}

}  // namespace gstlk::transport
