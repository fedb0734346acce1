// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/data_blobs.h"

#include <utility>

#include "room/participant.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

using Key = ::livekit::DataBlobKey;
using Response = ::livekit::RequestResponse;

bool exceeds(size_t size, size_t limit) { return limit != 0 && size > limit; }

bool is_acceptable_name(const std::string& name, const Limits& limits) {
  return !name.empty() && !exceeds(name.size(), limits.max_data_track_custom_encoding_length);
}

size_t length(const Key& key) {
  return key.has_schema_id() ? key.schema_id().name().size() : key.generic().size();
}

}  // namespace

bool is_acceptable(const ::livekit::DataTrackFrameEncoding& encoding, const Limits& limits) {
  return !encoding.has_custom() || is_acceptable_name(encoding.custom(), limits);
}

bool is_acceptable(const ::livekit::DataTrackSchemaId& schema, const Limits& limits) {
  return !schema.encoding().has_custom() || is_acceptable_name(schema.encoding().custom(), limits);
}

DataBlobs::DataBlobs(Participant& owner) : owner_(owner) {}

const DataBlobs::Fault* DataBlobs::fault_of(const ::livekit::DataBlob& blob) const {
  static constexpr Fault kOff{Response::NOT_ALLOWED, "data blob not enabled"};
  static constexpr Fault kKey{Response::INVALID_REQUEST, "data blob is invalid"};
  static constexpr Fault kEncoding{Response::INVALID_REQUEST,
                                   "encoding identifier is empty or exceeds the maximum length"};
  static constexpr Fault kEmpty{Response::INVALID_REQUEST, "data blob is empty"};
  static constexpr Fault kFull{Response::LIMIT_EXCEEDED,
                               "async attribute definition exceeds limit"};
  const Settings& settings = owner_.room().settings();
  const Limits& limits = settings.limits;
  if (!settings.enable_participant_data_blob) return &kOff;
  if (length(blob.key()) == 0 || exceeds(length(blob.key()), limits.max_data_blob_key_length))
    return &kKey;
  if (!is_acceptable(blob.key().schema_id(), limits)) return &kEncoding;
  if (blob.contents().empty()) return &kEmpty;
  // As at LiveKit what would be replaced counts too.
  const size_t size = size_ + length(blob.key()) + blob.contents().size();
  return exceeds(size, limits.max_data_blobs_size) ? &kFull : nullptr;
}

void DataBlobs::refuse(uint32_t request_id, const Fault& fault) {
  Response response;
  response.set_request_id(request_id);
  response.set_reason(fault.reason);
  response.set_message(fault.message);
  owner_.respond(response);
}

void DataBlobs::handle_store(const ::livekit::StoreDataBlobRequest& request) {
  if (const Fault* fault = fault_of(request.blob())) return refuse(request.request_id(), *fault);
  ::livekit::DataBlob& blob = blobs_[request.blob().key().SerializeAsString()];
  size_ -= length(blob.key()) + blob.contents().size();
  blob = request.blob();
  size_ += length(blob.key()) + blob.contents().size();
  ::livekit::SignalResponse response;
  response.mutable_store_data_blob_response()->set_request_id(request.request_id());
  *response.mutable_store_data_blob_response()->mutable_key() = blob.key();
  owner_.send(response);
}

void DataBlobs::handle_get(const ::livekit::GetDataBlobRequest& request) {
  static constexpr Fault kNoKey{Response::INVALID_REQUEST, "data blob key is required"};
  static constexpr Fault kNobody{Response::NOT_FOUND, "participant not found"};
  static constexpr Fault kNothing{Response::NOT_FOUND, "data blob not found"};
  if (!request.has_key()) return refuse(request.request_id(), kNoKey);
  const Participant* publisher =
      owner_.room().find(ParticipantIdentity(request.participant_identity()));
  if (!publisher) return refuse(request.request_id(), kNobody);
  const auto& blobs = publisher->data_blobs().blobs_;
  const auto found = blobs.find(request.key().SerializeAsString());
  if (found == blobs.end()) return refuse(request.request_id(), kNothing);
  ::livekit::SignalResponse response;
  response.mutable_get_data_blob_response()->set_request_id(request.request_id());
  *response.mutable_get_data_blob_response()->mutable_blob() = found->second;
  owner_.send(response);
}

}  // namespace gstlk::room
