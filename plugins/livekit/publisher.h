// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/livekit/local_track.h"
#include "plugins/livekit/path_report.h"
#include "plugins/livekit/peer_connection.h"
#include "plugins/livekit/rate_control.h"
#include "plugins/livekit/session_peer.h"

namespace gstlk::client {

class RoomSession;

// What happens to published tracks. Client thread.
class PublisherOwner {
 public:
  virtual ~PublisherOwner() = default;
  virtual void on_published(LocalTrack& track, const ::livekit::TrackInfo& info) {}
  // The server does not take the track, or has taken it out of the room.
  virtual void on_refused(LocalTrack& track, const std::string& why) {}
  // The server has muted the track, or asks for it back.
  virtual void on_muted_by_server(LocalTrack& track, bool muted) {}
};

// The publisher's half of the dual-peer-connection protocol: AddTrack, offers, and the server's
// wishes about layers (protocol sections 4.3, 6 and 8). Keeps its tracks over reconnections and
// publishes them anew. Client thread only.
class Publisher : public SessionPeer, public PeerConnection::Listener {
 public:
  struct Timeouts {
    // For the answer to AddTrack: longer than a server may be silent before it is taken for gone.
    Duration published = std::chrono::seconds(20);
    // For the answer to an offer, as livekit-client waits.
    Duration answer = std::chrono::seconds(15);
  };

  // `session` outlives this. `bin` and `owner` too; both null: data alone.
  Publisher(RoomSession& session, GstBin* bin, PublisherOwner* owner);
  Publisher(RoomSession& session, GstBin* bin, PublisherOwner* owner, const Timeouts& timeouts);
  ~Publisher() override;

  // `track` outlives its stay, and its bin is in the publisher's. Publishes it, now or at the next
  // start; its format has to be known.
  void add(LocalTrack& track, const TrackSettings& settings, bool muted);
  // Takes it out of the room.
  void remove(LocalTrack& track);
  void set_muted(LocalTrack& track, bool muted);

  void start(const ::livekit::JoinResponse& join) override;
  void stop() override;
  void handle(const ::livekit::SignalResponse& message) override;
  bool send_data(bool reliable, ByteView message) override;

  // nullptr while there is none.
  GstElement* webrtcbin() const { return peer_ ? peer_->webrtcbin() : nullptr; }
  Bitrate target_bitrate() const { return rate_.target(); }

 private:
  struct Publication;

  void announce(Publication& publication);
  void attach(Publication& publication);
  void detach(Publication& publication);
  void want_offer();
  void offer();
  void send_offer(const std::string& sdp);
  void failed(const std::string& why);
  // Takes the track out and says why.
  void refuse(LocalTrack& track, const std::string& why);
  Publication* by_cid(const std::string& cid);
  Publication* by_sid(const std::string& sid);
  Publication* by_track(const LocalTrack& track);

  void handle_published(const ::livekit::TrackPublishedResponse& response);
  void handle_answer(const ::livekit::SessionDescription& answer);
  void open_negotiated(const std::vector<std::string>& refused);
  void refuse_section(const std::string& mid);
  void handle_qualities(const ::livekit::SubscribedQualityUpdate& update);
  void handle_mute(const ::livekit::MuteTrackRequest& mute);
  void handle_refused(const ::livekit::RequestResponse& response);
  void handle_update(const ::livekit::ParticipantUpdate& update);
  void agree_on_mute(const Publication& publication, const ::livekit::TrackInfo& info);
  void send_mute(const Publication& publication);

  void on_local_candidate(unsigned mline, const std::string& candidate) override;
  void on_connected() override;
  void on_failed(const std::string& why) override;
  void on_data(const std::string& label, ByteView message) override;

  void poll_feedback();
  void apply_bitrate();

  RoomSession& session_;
  GstBin* const bin_;
  PublisherOwner* const owner_;
  const Timeouts timeouts_;
  std::string participant_sid_;
  std::unique_ptr<PeerConnection> peer_;
  std::vector<std::unique_ptr<Publication>> publications_;
  unsigned next_mid_ = 0;
  bool offering_ = false;
  bool offer_wanted_ = false;
  bool connected_ = false;
  uint32_t offer_id_ = 0;
  std::string offered_;  // webrtcbin's offer that is to be answered
  ClientTimer offer_timer_;
  ClientTimer answer_timer_;
  ClientTimer feedback_timer_;
  RateControl rate_;
  PathReports reports_;
};

}  // namespace gstlk::client
