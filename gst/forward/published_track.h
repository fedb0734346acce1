// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "forward/encoding_clocks.h"
#include "forward/rate_meter.h"
#include "forward/received_packet.h"
#include "forward/stream_tracker.h"
#include "rtp/codec/dependency_descriptor.h"
#include "rtp/codec/payload_descriptor.h"
#include "rtp/packet.h"
#include "rtp/sequence_unwrapper.h"

namespace gstlk::forward {

// Where the numbers of our own begin that its packets have.
struct TrackStart {
  uint8_t generation = 0;
  // Room below, so that packets before the first have numbers of their own.
  int64_t sequence = 65536;

  bool operator==(const TrackStart&) const = default;
};

struct PublishedTrackConfig {
  rtp::Codec codec = rtp::Codec::Unknown;
  uint32_t clock_rate = 90000;
  uint8_t encodings = 1;  // simulcast; 1 for audio, for SVC and for plain video
  bool screen_share = false;
  TrackStart start;  // for another PublishedTrack of the same track: its next_start()
};

// The ids under which the publisher sends header extensions; 0: it does not.
struct ExtensionIds {
  uint8_t dependency_descriptor = 0;
};

// Whether packets of this codec are selected and forwarded by their dependency descriptor. It is
// left out where it is not followed: its template structure would not fit what is forwarded.
bool uses_dependency_descriptor(rtp::Codec codec);

struct EncodingStats {
  uint64_t packets = 0;
  uint64_t bytes = 0;      // whole packets
  uint64_t malformed = 0;  // not forwarded
  Bitrate bitrate;         // of the last second
  uint16_t width = 0;      // of the last keyframe that said so
  uint16_t height = 0;
};

// The receiving half of a track: turns each received packet into the ReceivedPacket that all down
// tracks share, and follows which layers are alive and how their clocks relate (TrackState).
//
// Driven by whoever receives the packets: receive() per packet, handle_sender_report() per SR, then
// state() once per batch. A codec change is a new PublishedTrack. Keyframe requests, NACKs and
// receiver reports are rtp::ReceiveSession's. Not thread-safe.
class PublishedTrack {
 public:
  explicit PublishedTrack(const PublishedTrackConfig& config);

  // nullopt: malformed. The result borrows `rtp`.
  std::optional<ReceivedPacket> receive(uint8_t encoding, ByteView rtp, const ExtensionIds& ids,
                                        Timestamp now);
  void handle_sender_report(uint8_t encoding, NtpTime ntp, uint32_t rtp_timestamp, Timestamp now);

  // A layer that subscribers asked for again (dynacast) counts as alive from its first packet.
  void expect_layer(uint8_t spatial);

  TrackState state(Timestamp now) const;
  // When state() will next change without a packet; nullopt when it will not.
  std::optional<Timestamp> next_timeout(Timestamp now) const;
  EncodingStats stats(uint8_t encoding, Timestamp now) const;
  // Of spatial layer `spatial` (all its temporal layers), over the last second.
  Bitrate layer_bitrate(uint8_t spatial, Timestamp now) const;
  const PublishedTrackConfig& config() const { return config_; }
  TrackStart next_start() const;

 private:
  struct Encoding {
    std::optional<Ssrc> ssrc;
    uint8_t generation = 0;
    int64_t sequence_base = 0;  // added to what the unwrapper says
    int64_t newest_sequence = 0;
    int64_t newest_timestamp = 0;
    rtp::SequenceUnwrapper sequences;
    rtp::TimestampUnwrapper timestamps;
    rtp::DependencyDescriptorParser dependencies;
    bool repeats_parameter_sets = false;  // in front of its keyframes
    uint8_t bare_keyframes = 0;           // one after the other, without them
    RateMeter rate;
    EncodingStats stats;
  };

  static bool goes_on(const Encoding& encoding, const rtp::PacketView& packet);
  void follow_source(Encoding& encoding, uint8_t index, const rtp::PacketView& packet);
  static void start_at_parameter_sets(Encoding& encoding, rtp::PayloadDescriptor& descriptor);
  bool read_payload(Encoding& encoding, const rtp::PacketView& view, const ExtensionIds& ids,
                    ReceivedPacket& packet);
  void read_dependency(Encoding& encoding, ReceivedPacket& packet);
  void track_layers(const ReceivedPacket& packet, Timestamp now);
  bool is_svc() const;

  PublishedTrackConfig config_;
  EncodingClocks clocks_;
  std::array<Encoding, kMaxSpatialLayers> encodings_;
  std::array<StreamTracker, kMaxSpatialLayers> trackers_;  // one per spatial layer
  std::array<RateMeter, kMaxSpatialLayers> layer_rates_;
};

}  // namespace gstlk::forward
