// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/stream_demux.h"

#include <algorithm>

#include "base/log.h"

namespace gstlk::rtp {
namespace {

LogCategory category{"sfu-rtp"};

}  // namespace

void StreamDemux::set_media(std::vector<ReceiveMedia> media) {
  Streams old = std::move(streams_);
  const std::vector<ReceiveMediaTable> old_media = std::move(media_);
  streams_.clear();
  media_.clear();
  encodings_.clear();
  extensions_ = {};
  ssrcs_.forget_stale();
  for (ReceiveMedia& m : media) media_.emplace_back(std::move(m));

  for (size_t index = 0; index < media_.size(); ++index) {
    const ReceiveMedia& m = media_[index].media();
    for (size_t t = 0; t < kExtensionTypeCount; ++t) {
      const auto type = static_cast<ExtensionType>(t);
      if (m.extensions.has(type)) extensions_.add(m.extensions.id_of(type), type);
    }
    if (m.rids.empty()) take_or_make(old, m.mid, Rid(), index);
    for (const Rid& rid : m.rids) take_or_make(old, m.mid, rid, index);
  }
  for (const auto& gone : old) {
    if (gone) unbind(*gone);
  }
  for (const ReceiveMediaTable& table : media_) {
    const auto before = std::ranges::find_if(
        old_media, [&](const ReceiveMediaTable& o) { return o.media().mid == table.media().mid; });
    bind_announced(table.media(), before == old_media.end()
                                      ? std::span<const ReceiveSsrc>{}
                                      : std::span<const ReceiveSsrc>(before->media().ssrcs));
  }
}

void StreamDemux::take_or_make(Streams& old, const Mid& mid, const Rid& rid, size_t media_index) {
  const bool video = media_[media_index].media().video;
  const auto same = std::ranges::find_if(old, [&](const std::unique_ptr<ReceiveStream>& s) {
    return s && s->encoding().mid == mid && s->encoding().rid == rid &&
           s->encoding().video == video;
  });
  if (same != old.end()) {
    streams_.push_back(std::move(*same));
    streams_.back()->set_media_index(media_index);
  } else {
    const ReceiveEncoding encoding{EncodingId(next_id_++), mid, rid, video};
    streams_.push_back(std::make_unique<ReceiveStream>(encoding, media_index));
  }
  encodings_.push_back(streams_.back()->encoding());
}

// Announcing again what was announced before says nothing new: the peer may have moved to another
// SSRC since.
void StreamDemux::bind_announced(const ReceiveMedia& media, std::span<const ReceiveSsrc> before) {
  const size_t encodings = std::max<size_t>(1, media.rids.size());
  if (media.ssrcs.empty() || (encodings > 1 && media.ssrcs.size() != encodings)) return;
  for (size_t i = 0; i < encodings; ++i) {
    const ReceiveSsrc& announced = media.ssrcs[i];
    ReceiveStream* stream =
        find_stream(media.mid.value, media.rids.empty() ? "" : media.rids[i].value);
    if (!stream) continue;  // the description names it twice
    const bool news = i >= before.size() || before[i].primary != announced.primary;
    if (news) bind_primary(*stream, announced.primary);
    const bool rtx_news = news || before[i].rtx != announced.rtx;
    if (rtx_news && announced.rtx) bind_rtx(*stream, *announced.rtx);
  }
}

void StreamDemux::bind_primary(ReceiveStream& stream, Ssrc ssrc) {
  if (stream.ssrc() == ssrc) return;
  const SsrcTable::Entry* taken = ssrcs_.find(ssrc);
  if (taken && taken->stream) unbind(*taken->stream);
  const bool had_packets = stream.has_packets();
  const bool was_used = stream.was_used();
  const std::optional<Ssrc> old = stream.ssrc();
  const std::optional<Ssrc> old_rtx = stream.rtx_ssrc();
  unbind(stream);
  if (was_used && old) ssrcs_.retire(*old);
  if (had_packets && old_rtx) ssrcs_.retire(*old_rtx);
  // Its retransmissions may have been seen first.
  if (!had_packets && old_rtx) bind_rtx(stream, *old_rtx);
  stream.start(ssrc);
  ssrcs_.bind(ssrc, SsrcTable::Role::Primary, stream);
}

void StreamDemux::bind_rtx(ReceiveStream& stream, Ssrc ssrc) {
  if (stream.rtx_ssrc() == ssrc) return;
  if (stream.rtx_ssrc()) ssrcs_.retire(*stream.rtx_ssrc());
  stream.set_rtx_ssrc(ssrc);
  ssrcs_.bind(ssrc, SsrcTable::Role::Rtx, stream);
}

void StreamDemux::unbind(ReceiveStream& stream) {
  ssrcs_.erase_stream(stream);
  stream.clear_ssrcs();
}

ReceiveStream* StreamDemux::only_stream_of(size_t media_index) const {
  ReceiveStream* only = nullptr;
  for (const auto& stream : streams_) {
    if (stream->media_index() != media_index) continue;
    if (only) return nullptr;
    only = stream.get();
  }
  return only;
}

// An empty `mid` stands for any, when the rid is only in one.
ReceiveStream* StreamDemux::find_stream(std::string_view mid, std::string_view rid) const {
  ReceiveStream* found = nullptr;
  for (const auto& stream : streams_) {
    const ReceiveEncoding& encoding = stream->encoding();
    if (encoding.rid.value != rid || (!mid.empty() && encoding.mid.value != mid)) continue;
    if (found) return nullptr;
    found = stream.get();
  }
  return found;
}

// RFC 8843 section 9.2 and RFC 8852: what the packet itself says, then its payload type.
StreamDemux::Whose StreamDemux::whose(const PacketView& packet) const {
  using Role = SsrcTable::Role;
  const auto text = [&](ExtensionType type) {
    return read_sdes_text(find_extension(packet, extensions_, type));
  };
  const std::string_view mid = text(ExtensionType::Mid);
  if (const auto repaired = text(ExtensionType::RepairedRid); !repaired.empty()) {
    return {find_stream(mid, repaired), Role::Rtx};
  }
  if (const auto rid = text(ExtensionType::Rid); !rid.empty()) {
    // Senders that do not know RFC 8852's other extension have this one on retransmissions too.
    if (ReceiveStream* stream = find_stream(mid, rid)) return {stream, role_of(*stream, packet)};
    // A rid without simulcast is of no consequence.
  }
  return by_mid_or_format(packet, mid);
}

StreamDemux::Whose StreamDemux::by_mid_or_format(const PacketView& packet,
                                                 std::string_view mid) const {
  ReceiveStream* stream = nullptr;
  size_t candidates = 0;
  for (size_t i = 0; i < media_.size(); ++i) {
    const bool fits = mid.empty() ? media_[i].format(packet.payload_type()) != nullptr
                                  : media_[i].media().mid.value == mid;
    if (!fits) continue;
    ++candidates;
    stream = only_stream_of(i);
  }
  if (candidates != 1 || !stream) return {};
  if (!format(*stream, packet.payload_type())) return {};
  return {stream, role_of(*stream, packet)};
}

SsrcTable::Role StreamDemux::role_of(const ReceiveStream& stream, const PacketView& packet) const {
  const ReceiveFormat* found = format(stream, packet.payload_type());
  return found && found->codec == Codec::Rtx ? SsrcTable::Role::Rtx : SsrcTable::Role::Primary;
}

bool StreamDemux::bind_by_content(const PacketView& packet) {
  const Whose owner = whose(packet);
  if (!owner.stream) return false;
  const bool rtx = owner.role == SsrcTable::Role::Rtx;
  LOG_DEBUG(category, "ssrc %u is %s of mid %s rid %s", packet.ssrc().value,
            rtx ? "retransmission" : "media", owner.stream->encoding().mid.value.c_str(),
            owner.stream->encoding().rid.value.c_str());
  if (rtx) {
    bind_rtx(*owner.stream, packet.ssrc());
  } else {
    bind_primary(*owner.stream, packet.ssrc());
  }
  return true;
}

ReceiveStream* StreamDemux::stream(EncodingId id) const {
  for (const auto& stream : streams_) {
    if (stream->encoding().id == id) return stream.get();
  }
  return nullptr;
}

const SsrcTable::Entry* StreamDemux::find(const PacketView& packet) {
  if (const SsrcTable::Entry* entry = ssrcs_.find(packet.ssrc())) return entry;
  return bind_by_content(packet) ? ssrcs_.find(packet.ssrc()) : nullptr;
}

std::optional<EncodingId> StreamDemux::handle_bye(Ssrc source) {
  const SsrcTable::Entry* entry = ssrcs_.find(source);
  if (!entry) return std::nullopt;
  if (entry->role != SsrcTable::Role::Primary) {
    if (entry->stream) entry->stream->set_rtx_ssrc(std::nullopt);
    ssrcs_.erase(source);
    return std::nullopt;
  }
  // The SSRC keeps its stream: a sender that pauses an encoding may say goodbye, and goes on later
  // with an SSRC for which it has long stopped to send mid and rid.
  ReceiveStream& stream = *entry->stream;
  stream.end();
  return stream.encoding().id;
}

}  // namespace gstlk::rtp
