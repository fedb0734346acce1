// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/codec_policy.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sdp/codec_match.h"
#include "sdp/text.h"

namespace gstlk::signal {

using sdp::equals_ignoring_case;
using sdp::Format;
using sdp::MediaKind;

struct CodecPolicy::Entry {
  MediaKind kind;
  uint8_t payload_type;
  const char* name;
  uint32_t clock_rate;
  uint8_t channels;
  const char* fmtp;
  // Off: only where `enabled_codecs` lists this very fmtp.
  bool by_default = true;
  // Off: taken from publishers, never offered, because too few clients decode it.
  bool offered = true;

  Format format() const {
    return {.payload_type = PayloadType(payload_type),
            .encoding_name = name,
            .clock_rate = clock_rate,
            .channels = channels,
            .fmtp = fmtp};
  }
};

namespace {

using Entry = CodecPolicy::Entry;

#define H264_FMTP(mode, profile) \
  "level-asymmetry-allowed=1;packetization-mode=" mode ";profile-level-id=" profile

// Each video format's RTX has the payload type behind it. Of H.264, packetization mode 1 comes
// first: it is what publishers send.
constexpr Entry kEntries[] = {
    {MediaKind::Audio, 111, "opus", 48000, 2, "minptime=10;useinbandfec=1"},
    {MediaKind::Audio, 0, "PCMU", 8000, 0, ""},
    {MediaKind::Audio, 8, "PCMA", 8000, 0, ""},
    {MediaKind::Video, 96, "VP8", 90000, 0, ""},
    {MediaKind::Video, 98, "VP9", 90000, 0, "profile-id=0"},
    {MediaKind::Video, 100, "VP9", 90000, 0, "profile-id=1"},
    {MediaKind::Video, 108, "H264", 90000, 0, H264_FMTP("1", "42e01f")},
    {MediaKind::Video, 125, "H264", 90000, 0, H264_FMTP("0", "42e01f")},
    {MediaKind::Video, 123, "H264", 90000, 0, H264_FMTP("1", "640032"), true, false},
    {MediaKind::Video, 104, "H264", 90000, 0, H264_FMTP("0", "42001f"), false},
    {MediaKind::Video, 102, "H264", 90000, 0, H264_FMTP("1", "42001f"), false},
    {MediaKind::Video, 39, "H264", 90000, 0, H264_FMTP("0", "4d001f"), false},
    {MediaKind::Video, 106, "H264", 90000, 0, H264_FMTP("1", "4d001f"), false},
    {MediaKind::Video, 35, "AV1", 90000, 0, ""},
    {MediaKind::Video, 116, "H265", 90000, 0, ""},
};
#undef H264_FMTP

constexpr uint8_t kRedPayloadType = 63;
constexpr uint8_t kOpusPayloadType = 111;

std::string mime(MediaKind kind, std::string_view name) {
  return (kind == MediaKind::Audio ? "audio/" : "video/") + std::string(name);
}

bool lists(const std::vector<EnabledCodec>& enabled, std::string_view mime) {
  return std::ranges::any_of(
      enabled, [mime](const EnabledCodec& c) { return equals_ignoring_case(c.mime, mime); });
}

bool lists(const std::vector<EnabledCodec>& enabled, const Entry& entry) {
  return std::ranges::any_of(enabled, [&entry](const EnabledCodec& codec) {
    if (!equals_ignoring_case(codec.mime, mime(entry.kind, entry.name))) return false;
    if (codec.fmtp.empty()) return entry.by_default;
    Format listed = entry.format();
    listed.fmtp = codec.fmtp;
    return sdp::same_codec(listed, entry.format());
  });
}

// Of RED for Opus (RFC 2198): the payload type of the first block, "111/111".
std::optional<PayloadType> red_block(const Format& red) {
  std::string_view blocks = red.fmtp;
  const auto number = sdp::parse_number<uint8_t>(sdp::take_token(blocks, '/'));
  return number ? std::optional(PayloadType(*number)) : std::nullopt;
}

void add_feedback(MediaKind kind, Format& format) {
  format.nack = true;
  if (kind != MediaKind::Video) return;
  format.pli = format.fir = true;
  format.transport_cc = format.remb = true;
}

void keep_useful_feedback(MediaKind kind, Format& format) {
  Format useful;
  if (!is_rtx(format) && !is_red(format)) add_feedback(kind, useful);
  format.nack &= useful.nack;
  format.pli &= useful.pli;
  format.fir &= useful.fir;
  format.transport_cc &= useful.transport_cc;
  format.remb &= useful.remb;
}

}  // namespace

const std::vector<EnabledCodec>& default_enabled_codecs() {
  static const std::vector<EnabledCodec> codecs = {
      {"audio/PCMU", ""}, {"audio/PCMA", ""}, {"audio/opus", ""}, {"audio/red", ""},
      {"video/VP8", ""},  {"video/H264", ""}, {"video/VP9", ""},  {"video/AV1", ""},
      {"video/H265", ""}, {"video/rtx", ""},
  };
  return codecs;
}

std::string_view encoding_name(std::string_view mime_or_name) {
  const size_t slash = mime_or_name.find('/');
  return slash == std::string_view::npos ? mime_or_name : mime_or_name.substr(slash + 1);
}

bool is_rtx(const Format& format) { return equals_ignoring_case(format.encoding_name, "rtx"); }
bool is_red(const Format& format) { return equals_ignoring_case(format.encoding_name, "red"); }

namespace {

// Moves the formats named `codec`, and the RTX that belongs to them, to the front; returns how
// many.
size_t gather_codec(std::vector<Format>& formats, std::string_view codec) {
  codec = encoding_name(codec);
  std::array<bool, 256> wanted{};
  for (const Format& format : formats) {
    if (equals_ignoring_case(format.encoding_name, codec)) wanted[format.payload_type.value] = true;
  }
  const auto rest =
      std::stable_partition(formats.begin(), formats.end(), [&wanted](const Format& format) {
        return wanted[format.apt.value_or(format.payload_type).value];
      });
  return static_cast<size_t>(rest - formats.begin());
}

}  // namespace

void prefer_codec(std::vector<Format>& formats, std::string_view codec) {
  gather_codec(formats, codec);
}

void keep_only_codec(std::vector<Format>& formats, std::string_view codec) {
  const size_t count = gather_codec(formats, codec);
  if (count > 0) formats.resize(count);
}

const Format* find_codec(const std::vector<Format>& formats,
                         const std::vector<std::string>& codecs) {
  for (const std::string& codec : codecs) {
    const auto found = std::ranges::find_if(formats, [&codec](const Format& format) {
      return equals_ignoring_case(format.encoding_name, encoding_name(codec));
    });
    if (found != formats.end()) return &*found;
  }
  if (!codecs.empty()) return nullptr;
  const auto any = std::ranges::find_if_not(formats, is_rtx);
  return any == formats.end() ? nullptr : &*any;
}

CodecPolicy::CodecPolicy(const std::vector<EnabledCodec>& enabled) {
  bool opus = false;
  for (const Entry& entry : kEntries) {
    if (!lists(enabled, entry)) continue;
    entries_.push_back(&entry);
    opus |= entry.payload_type == kOpusPayloadType;
  }
  red_ = opus && lists(enabled, "audio/red");
}

const CodecPolicy::Entry* CodecPolicy::find(MediaKind kind, const Format& format) const {
  const auto found = std::ranges::find_if(entries_, [kind, &format](const Entry* entry) {
    return entry->kind == kind && sdp::same_codec(entry->format(), format);
  });
  return found == entries_.end() ? nullptr : *found;
}

std::vector<Format> CodecPolicy::accept(MediaKind kind, const std::vector<Format>& offered) const {
  std::array<const Entry*, 256> taken{};
  std::optional<PayloadType> opus;
  for (const Format& format : offered) {
    const Entry* entry = find(kind, format);
    taken[format.payload_type.value] = entry;
    if (entry && entry->payload_type == kOpusPayloadType) opus = format.payload_type;
  }
  std::vector<Format> result;
  for (const Format& format : offered) {
    const Entry* entry = taken[format.payload_type.value];
    const bool rtx = is_rtx(format) && format.apt && taken[format.apt->value];
    const bool red = red_ && kind == MediaKind::Audio && opus && is_red(format) &&
                     format.clock_rate == 48000 && red_block(format) == opus;
    if (!entry && !rtx && !red) continue;
    Format& accepted = result.emplace_back(format);
    // Names are compared without case everywhere else but in a plan's reader.
    if (entry) accepted.encoding_name = entry->name;
    keep_useful_feedback(kind, accepted);
  }
  return result;
}

void CodecPolicy::append(const Entry& entry, std::vector<Format>& formats) const {
  formats.push_back(entry.format());
  add_feedback(entry.kind, formats.back());
  if (entry.kind != MediaKind::Video) return;
  formats.push_back({.payload_type = PayloadType(static_cast<uint8_t>(entry.payload_type + 1)),
                     .encoding_name = "rtx",
                     .clock_rate = entry.clock_rate,
                     .fmtp = "apt=" + std::to_string(entry.payload_type),
                     .apt = PayloadType(entry.payload_type)});
}

void CodecPolicy::append_others(MediaKind kind, std::vector<Format>& formats) const {
  for (const Entry* entry : entries_) {
    if (entry->kind != kind || !entry->offered ||
        std::ranges::count(formats, PayloadType(entry->payload_type), &Format::payload_type) != 0)
      continue;
    append(*entry, formats);
  }
}

std::vector<Format> CodecPolicy::offer(MediaKind kind,
                                       const std::vector<std::string>& codecs) const {
  const auto wanted = [&codecs](std::string_view name) {
    return codecs.empty() || std::ranges::any_of(codecs, [name](const std::string& codec) {
             return equals_ignoring_case(encoding_name(codec), name);
           });
  };
  std::vector<Format> result;
  for (const Entry* entry : entries_) {
    if (entry->kind != kind || !entry->offered || !wanted(entry->name)) continue;
    append(*entry, result);
    if (entry->payload_type != kOpusPayloadType || !red_ || !wanted("red")) continue;
    result.push_back({.payload_type = PayloadType(kRedPayloadType),
                      .encoding_name = "red",
                      .clock_rate = 48000,
                      .channels = 2,
                      .fmtp = "111/111"});
  }
  for (size_t i = codecs.size(); i > 0; i--) prefer_codec(result, codecs[i - 1]);
  return result;
}

}  // namespace gstlk::signal
