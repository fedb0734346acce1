// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ref.h"
#include "base/token_bucket.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/newest_packet.h"
#include "plugins/sfu/peer_stats.h"
#include "rtp/receive_session.h"
#include "transport/transport.h"

namespace gstlk::sfu {

class PacketPool;
class WorkerPool;

// What comes from one peer: its SRTP is opened, and goes out of the source pads of its encodings as
// one list for each encoding and turn, behind caps that follow what is really sent. Which packet is
// of which encoding, NACKs, reports and transport-wide feedback are rtp::ReceiveSession's.
//
// Session's thread only, but for set_base_time(). Pads are pushed on here, and a push may come back
// in through an element's signal.
class PeerReceiver {
 public:
  // The source pad of an encoding, by its m-line and a=rid.
  struct EncodingPad {
    Mid mid;
    Rid rid;
    Ref<GstPad> pad;
  };

  // Both outlive this.
  PeerReceiver(transport::Transport& transport, WorkerPool& pool);

  void set_media(const std::vector<MediaSection>& sections, const std::vector<EncodingPad>& pads);
  // Lets go of the pads; nothing is received afterwards.
  void clear();
  // What is a quarter above is dropped before anything else is done with it; 0 is any.
  void set_bitrate_limit(Bitrate limit);
  // Buffers are stamped with the time since `base_time` (ns of the system clock). Any thread.
  void set_base_time(GstClockTime base_time) { base_time_ = static_cast<int64_t>(base_time); }

  void handle_rtp(ByteView datagram, PacketPool& packets, Timestamp now);
  // What is negotiated and has not been heard of gets the caps of its preferred format, so that
  // whoever receives it knows what it would be. The connection is up.
  void announce();
  // Likewise, of a pad that has just been linked: what is behind it now learns its caps, any.
  void announce(const GstPad* pad);
  // Pushes what came since the last time.
  void push_pending();
  // ReceiveSession has news of these.
  void push_sender_reports(std::span<const rtp::EncodingId> encodings);
  // `pad` is only compared: it may be gone.
  void request_keyframe(const GstPad* pad, Timestamp now);
  void on_keyframe(const GstPad* pad);
  // Appends the compound that asks the peer to keep to the limit. False: there is none.
  [[nodiscard]] bool append_bitrate_limit(Bytes& out) const;

  // The RTCP of it.
  rtp::ReceiveSession& session() { return session_; }
  const rtp::ReceiveSession& session() const { return session_; }
  void write_stats(PeerStats& stats, Timestamp now);

 private:
  struct Encoding {
    rtp::EncodingId id;
    Mid mid;
    Rid rid;
    Ref<GstPad> pad;
    std::optional<PayloadType> payload_type;  // of the caps that were pushed
    std::optional<PayloadType> red;           // of what comes around it
    bool heard = false;                       // else they are what is expected
    NewestPacket newest;
    Ref<GstBufferList> pending;
    ByteGrowth growth;
  };

  bool exceeds_limit(size_t size, Timestamp now);
  void announce(Encoding& encoding);
  bool update_caps(Encoding& encoding, PayloadType payload_type, bool late);
  static void push_caps(Encoding& encoding, const MediaSection& media,
                        const MediaSection::Format& format);
  void stamp(GstBuffer* buffer, Timestamp now) const;
  Encoding* find(rtp::EncodingId id);

  transport::Transport& transport_;
  WorkerPool& pool_;
  rtp::ReceiveSession session_;
  std::vector<MediaSection> sections_;
  std::vector<Encoding> encodings_;
  bool has_pending_ = false;
  std::atomic<int64_t> base_time_{-1};
  Bitrate limit_;
  std::optional<TokenBucket> bucket_;
  uint64_t packets_ = 0;
  uint64_t bytes_ = 0;
  uint64_t malformed_ = 0;
  uint64_t over_limit_ = 0;
};

}  // namespace gstlk::sfu
