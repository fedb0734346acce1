// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace gstlk {

// A value that is only comparable with its own kind: an Ssrc is never passed where a PayloadType is
// meant. `Tag` is an incomplete struct that names the kind.
template <class T, class Tag>
struct Id {
  T value{};

  constexpr Id() = default;
  constexpr explicit Id(T v) : value(std::move(v)) {}
  constexpr auto operator<=>(const Id&) const = default;
};

// RFC 3550 section 5.1.
using Ssrc = Id<uint32_t, struct SsrcTag>;
using PayloadType = Id<uint8_t, struct PayloadTypeTag>;

// RFC 8843 (mid) and RFC 8851 (rid).
using Mid = Id<std::string, struct MidTag>;
using Rid = Id<std::string, struct RidTag>;

// LiveKit's sids: "TR_", "PA_" and "RM_" in front.
using TrackId = Id<std::string, struct TrackIdTag>;
using ParticipantId = Id<std::string, struct ParticipantIdTag>;
using RoomId = Id<std::string, struct RoomIdTag>;

// Chosen by the application, unique in a room.
using ParticipantIdentity = Id<std::string, struct ParticipantIdentityTag>;
using RoomName = Id<std::string, struct RoomNameTag>;

}  // namespace gstlk

template <class T, class Tag>
struct std::hash<gstlk::Id<T, Tag>> {
  size_t operator()(const gstlk::Id<T, Tag>& id) const { return std::hash<T>{}(id.value); }
};
