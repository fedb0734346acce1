// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "livekit_rtc.pb.h"
#include "room/settings.h"

namespace gstlk::room {

class Participant;

// What a participant has stored for the others to look up (LiveKit's data blobs): values under keys
// of its own, all together within the limits, gone when it leaves. Off unless the configuration has
// `enable_participant_data_blob`. Main thread only.
class DataBlobs {
 public:
  explicit DataBlobs(Participant& owner);  // which owns this

  // Of the owner. Answers with StoreDataBlobResponse, or a RequestResponse that says what is wrong.
  void handle_store(const ::livekit::StoreDataBlobRequest& request);
  // Of the owner, who looks up another's (or an own one). Answers likewise.
  void handle_get(const ::livekit::GetDataBlobRequest& request);

 private:
  using Reason = ::livekit::RequestResponse::Reason;

  struct Fault {
    Reason reason;
    const char* message;
  };
  // nullptr: it may be stored.
  const Fault* fault_of(const ::livekit::DataBlob& blob) const;
  void refuse(uint32_t request_id, const Fault& fault);

  Participant& owner_;
  std::map<std::string, ::livekit::DataBlob> blobs_;  // by the key's wire form
  size_t size_ = 0;                                   // of keys and contents
};

// Whether a data track's own name of an encoding is there and short enough; others always are.
bool is_acceptable(const ::livekit::DataTrackFrameEncoding& encoding, const Limits& limits);
bool is_acceptable(const ::livekit::DataTrackSchemaId& schema, const Limits& limits);

}  // namespace gstlk::room
