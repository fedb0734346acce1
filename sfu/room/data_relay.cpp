// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/data_relay.h"

#include "livekit_room.pb.h"
#include "room/log.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/traffic_log.h"

namespace gstlk::room {
namespace {

using Packet = ::livekit::DataPacket;

constexpr size_t kMaxMessage = 65535;
constexpr Duration kKeepFor = 2s;
constexpr size_t kKeepBytes = 100'000;
constexpr size_t kNonceSize = 16;
constexpr size_t kMaxNonces = 1000;

// What an agent says for somebody else keeps the other's name.
bool speaks_for_another(const Participant& sender, const Packet& packet) {
  const bool may = packet.has_chat_message() ||
                   (packet.has_stream_header() && packet.stream_header().has_text_header());
  return may && sender.is_agent() && !packet.participant_identity().empty() &&
         packet.participant_identity() != sender.identity().value;
}

void stamp_user(const Participant& sender, Packet& packet) {
  ::livekit::UserPacket& user = *packet.mutable_user();
  const bool hidden = sender.is_hidden();
  user.set_participant_sid(hidden ? "" : sender.sid().value);
  user.set_participant_identity(hidden ? "" : sender.identity().value);
  if (packet.destination_identities().empty()) {
    *packet.mutable_destination_identities() = user.destination_identities();
  } else {
    *user.mutable_destination_identities() = packet.destination_identities();
  }
}

void stamp(const Participant& sender, DataChannelKind channel, Packet& packet) {
  packet.set_kind(channel == DataChannelKind::Lossy ? Packet::LOSSY : Packet::RELIABLE);
  packet.set_participant_sid(sender.sid().value);
  if (speaks_for_another(sender, packet)) {
    if (packet.has_chat_message()) {
      packet.mutable_chat_message()->set_generated(true);
    } else {
      packet.mutable_stream_header()->mutable_text_header()->set_generated(true);
    }
  } else {
    packet.set_participant_identity(sender.is_hidden() ? "" : sender.identity().value);
  }
  if (packet.has_user()) stamp_user(sender, packet);
}

// A raw message is what a user sends.
bool parse(DataChannelKind channel, ByteView message, Packet& packet) {
  if (channel != DataChannelKind::Raw)
    return packet.ParseFromArray(message.data(), static_cast<int>(message.size()));
  packet.mutable_user()->set_payload(message.data(), message.size());
  return true;
}

bool may_send(const Participant& sender, const Packet& packet) {
  switch (packet.value_case()) {
    case Packet::kSpeaker:  // the server's own, formerly
      return false;
    case Packet::kTranscription:
      return sender.is_agent();
    default:
      return true;
  }
}

void log_packet(DataChannelKind channel, const Packet& packet) {
  LOG_DEBUG(log_traffic, "data %s", channel == DataChannelKind::Lossy ? "LOSSY" : "RELIABLE");
  LOG_DEBUG(log_traffic, "data %s", field_name(packet, packet.value_case()).c_str());
}

}  // namespace

DataRelay::DataRelay(Room& room)
    : room_(room),
      reliable_(room),
      lossy_(room, DataChannelKind::Lossy, room.settings().data.lossy_target_latency) {}

bool DataRelay::Audience::includes(const Participant& participant) const {
  if (identities.empty() && sids.empty()) return true;
  return identities.contains(participant.identity().value) ||
         sids.contains(participant.sid().value);
}

void DataRelay::handle(Participant& sender, DataChannelKind channel, ByteView message) {
  Packet packet;
  if (message.size() > kMaxMessage || !sender.grant().may_publish_data() ||
      !parse(channel, message, packet) || !may_send(sender, packet) ||
      is_repeat(sender, channel, packet)) {
    ++dropped_;
    LOG_DEBUG(log_room, "%s: data packet dropped", sender.sid().value.c_str());
    return;
  }
  log_packet(channel, packet);
  if (room_.rpc().take(sender, packet)) return;
  stamp(sender, channel, packet);
  if (packet.has_stream_header()) {
    const DataStreamEvent event{packet.stream_header(),
                                static_cast<size_t>(packet.destination_identities_size())};
    room_.listeners().tell(&RoomListener::on_data_stream, event);
  }
  if (packet.has_metrics()) return deliver_metrics(sender, packet);
  deliver(&sender, channel, packet);
}

void DataRelay::deliver_metrics(Participant& sender, Packet& packet) {
  clocks_[sender.sid()].normalize(*packet.mutable_metrics(), room_.timers().unix_micros());
  packet.set_kind(Packet::RELIABLE);
  std::vector<Participant*> recipients;
  room_.for_each_participant([&](Participant& recipient) {
    if (recipient.is_connected() && recipient.has_data_channels() &&
        recipient.grant().may_subscribe_metrics())
      recipients.push_back(&recipient);
  });
  reliable_.send(&sender, packet.SerializeAsString(), recipients);
}

void DataRelay::send(const ::livekit::SendDataRequest& request) {
  Packet packet;
  packet.set_kind(request.kind());
  *packet.mutable_destination_identities() = request.destination_identities();
  ::livekit::UserPacket& user = *packet.mutable_user();
  user.set_payload(request.data());
  *user.mutable_destination_sids() = request.destination_sids();
  *user.mutable_destination_identities() = request.destination_identities();
  if (request.has_topic()) user.set_topic(request.topic());
  user.set_nonce(request.nonce());
  if (!is_new_nonce(request.nonce())) return;
  const bool lossy = request.kind() == Packet::LOSSY;
  const DataChannelKind channel = lossy ? DataChannelKind::Lossy : DataChannelKind::Reliable;
  log_packet(channel, packet);
  deliver(nullptr, channel, packet);
}

bool DataRelay::is_repeat(Participant& sender, DataChannelKind channel, const Packet& packet) {
  if (channel == DataChannelKind::Reliable && packet.sequence() > 0) {
    if (packet.sequence() <= sender.last_data_sequence) return true;
    sender.last_data_sequence = packet.sequence();
  }
  return packet.has_user() && !is_new_nonce(packet.user().nonce());
}

bool DataRelay::is_new_nonce(const std::string& nonce) {
  if (nonce.size() != kNonceSize) return true;
  if (!nonces_.insert(nonce).second) return false;
  nonce_order_.push_back(nonce);
  if (nonce_order_.size() > kMaxNonces) {
    nonces_.erase(nonce_order_.front());
    nonce_order_.pop_front();
  }
  return true;
}

void DataRelay::deliver(Participant* sender, DataChannelKind channel, const Packet& packet) {
  Audience audience;
  audience.identities.insert(packet.destination_identities().begin(),
                             packet.destination_identities().end());
  const auto& sids = packet.user().destination_sids();
  audience.sids.insert(sids.begin(), sids.end());
  std::string bytes = packet.SerializeAsString();
  bool somebody_waits = false;
  std::vector<Participant*> recipients;
  room_.for_each_participant([&](Participant& recipient) {
    if (&recipient == sender || !recipient.is_connected() || recipient.is_forwarded() ||
        !audience.includes(recipient))
      return;
    if (recipient.has_data_channels()) {
      recipients.push_back(&recipient);
    } else {
      somebody_waits = true;
    }
  });
  if (channel == DataChannelKind::Lossy) {
    for (Participant* recipient : recipients) {
      if (!lossy_.send(*recipient, as_bytes(bytes))) ++dropped_;
    }
    return;
  }
  if (somebody_waits) {
    keep({room_.timers().now(), sender ? sender->sid() : ParticipantId(), bytes,
          std::move(audience)});
  }
  reliable_.send(sender, std::move(bytes), recipients);
}

void DataRelay::keep(Kept kept) {
  prune();
  size_t& size = kept_bytes_[kept.sender];
  if (size + kept.bytes.size() > kKeepBytes) {
    ++dropped_;
    return;
  }
  size += kept.bytes.size();
  kept_.push_back(std::move(kept));
}

void DataRelay::prune() {
  const Timestamp now = room_.timers().now();
  while (!kept_.empty() && kept_.front().at + kKeepFor < now) {
    const auto size = kept_bytes_.find(kept_.front().sender);
    size->second -= kept_.front().bytes.size();
    if (size->second == 0) kept_bytes_.erase(size);
    kept_.pop_front();
  }
}

void DataRelay::on_established(Participant& recipient) {
  prune();
  for (const Kept& kept : kept_) {
    // What was sent before it joined was not meant for it.
    if (kept.at < recipient.joined_at() || kept.sender == recipient.sid() ||
        !kept.audience.includes(recipient))
      continue;
    reliable_.send(nullptr, kept.bytes, {&recipient});
  }
}

void DataRelay::forget(const ParticipantId& participant) {
  clocks_.erase(participant);
  reliable_.forget(participant);
  lossy_.forget(participant);
}

}  // namespace gstlk::room
