// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "base/time.h"
#include "forward/layer.h"
#include "forward/layer_selector.h"
#include "forward/received_packet.h"
#include "forward/rewrite.h"
#include "forward/rtp_rewriter.h"
#include "forward/send_history.h"
#include "forward/vp8_rewriter.h"
#include "rtp/codec/payload_descriptor.h"

namespace gstlk::forward {

struct Forward {
  Rewrite rewrite;
};
enum class DropReason : uint8_t {
  Paused,
  Padding,
  OtherLayer,     // not the layer this subscriber gets
  NeedsKeyframe,  // nothing to decode it with
  TooLate,        // a duplicate, or older than what is remembered
};
struct Drop {
  DropReason reason;
};

// Send again: find packet `sequence` of `encoding` in that encoding's PacketRing and apply
// `rewrite`.
struct Retransmit {
  uint8_t encoding = 0;
  int64_t sequence = 0;
  Rewrite rewrite;
};

struct DownTrackConfig {
  rtp::Codec codec = rtp::Codec::Unknown;
  uint32_t clock_rate = 90000;
  uint16_t first_sequence = 0;   // of the first packet sent; random
  uint32_t first_timestamp = 0;  // likewise
  // When the stream that this one goes on with would send `first_timestamp`; later it is later.
  std::optional<Timestamp> first_timestamp_at;
  Layer max_layer = kHighestLayer;
};

struct DownTrackStats {
  uint64_t packets = 0;  // forwarded
  uint64_t dropped = 0;
  uint64_t retransmitted = 0;
  uint32_t switches = 0;  // of the encoding or of the spatial layer
  uint32_t keyframe_requests = 0;
};

// One subscriber's sending half of a track: chooses the layer and makes what is sent one unbroken
// stream. Gets every packet of every encoding of the track.
//
// Driven by the worker that sends: handle() per packet; poll_keyframe_request() after a batch,
// after a setter and at next_timeout(); on_nack() per sequence number asked for. One thread at a
// time. Pacing, padding and bandwidth allocation are elsewhere: they say set_max_layer().
class DownTrack {
 public:
  explicit DownTrack(const DownTrackConfig& config);

  // The best that the subscriber wants and can take. When that layer is not alive it gets the
  // highest one below, else the lowest one above.
  void set_max_layer(Layer layer);
  // Paused: nothing is sent. Video goes on with a keyframe.
  void set_paused(bool paused);
  void set_round_trip(Duration round_trip);

  std::variant<Forward, Drop> handle(const ReceivedPacket& packet, const TrackState& state,
                                     Timestamp now);

  // The numbers of a packet of our own making (see Filler); nullopt when the track itself has been
  // sent, or is not to be.
  std::optional<Rewrite> fill(Timestamp now);

  // handle() comes soon: fetches what it will touch into the cache.
  void prefetch_next() const;

  // The encoding that should send a keyframe now, if one should; counts as asked for.
  std::optional<uint8_t> poll_keyframe_request(Timestamp now);
  std::optional<Timestamp> next_timeout() const;

  // The subscriber misses `sequence`. nullopt: never sent, forgotten, or sent again just now.
  std::optional<Retransmit> on_nack(uint16_t sequence, Timestamp now);

  // What `timestamp` of `encoding` is in the stream that is sent, for the publisher's sender
  // report; nullopt when that encoding is not the one being sent.
  std::optional<uint32_t> to_out_timestamp(uint8_t encoding, uint32_t timestamp) const;

  std::optional<Layer> current_layer() const;  // nullopt: nothing is being sent
  Layer target_layer() const;
  // The encoding to which a keyframe request of the subscriber goes.
  uint8_t target_encoding() const;
  bool paused() const { return paused_; }
  const DownTrackStats& stats() const { return stats_; }

 private:
  struct Video {
    explicit Video(Layer max) : selector(max) {}

    LayerSelector selector;
    Vp8Rewriter vp8;
    // One keyframe was passed over because time would go back; its timestamp.
    std::optional<int64_t> refused_picture;
    bool frame_numbers_started = false;
    bool switched = false;  // the next frame number is the first of another encoding
    uint16_t frame_number_offset = 0;
    uint16_t last_frame_number = 0;  // as sent
    uint8_t requested_encoding = 0;
    Timestamp next_request{};
  };

  using Decision = std::variant<Forward, Drop>;

  Decision handle_audio(const ReceivedPacket& packet, const TrackState& state, Timestamp now);
  Decision handle_video(const ReceivedPacket& packet, const TrackState& state, Timestamp now);
  Decision handle_late(const ReceivedPacket& packet, SequenceMap::Place place, Timestamp now);
  Decision forward(const ReceivedPacket& packet, const EncodingClock& clock, bool end_of_picture,
                   Timestamp now);
  Decision drop(DropReason reason);
  bool try_switch(const ReceivedPacket& packet, const EncodingClock& clock, Timestamp now);
  void begin(const ReceivedPacket& packet, const EncodingClock& clock, Timestamp now);
  void drop_in_order(const ReceivedPacket& packet);
  void edit_descriptor(const ReceivedPacket& packet, Rewrite& rewrite);
  Decision sent(const ReceivedPacket& packet, const Rewrite& rewrite, Timestamp now);

  RtpRewriter rewriter_;
  std::unique_ptr<Video> video_;  // null for audio
  bool vp8_;
  bool paused_ = false;
  bool resuming_ = false;  // something was sent before, and nothing since set_paused()
  bool started_ = false;
  uint8_t encoding_ = 0;  // the one being sent, once started
  uint8_t generation_ = 0;
  Duration round_trip_;
  Timestamp last_seen_{};  // the last packet of the track, sent or not
  std::array<int64_t, kMaxSpatialLayers> newest_source_{};
  SendHistory history_;
  DownTrackStats stats_;
};

}  // namespace gstlk::forward
