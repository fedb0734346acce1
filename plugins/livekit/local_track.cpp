// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/local_track.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "plugins/livekit/rate_control.h"

namespace gstlk::client {

namespace {

constexpr size_t kMaxEncodings = 3;

void ghost(GstElement* bin, GstElement* element, const char* name) {
  const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(element, name));
  GstPad* ghost_pad = gst_ghost_pad_new(name, pad.get());
  gst_pad_set_active(ghost_pad, TRUE);
  gst_element_add_pad(bin, ghost_pad);
}

std::string sink_caps(MediaKind kind) {
  if (kind == MediaKind::Audio) return "audio/x-raw;audio/x-opus;application/x-rtp,media=audio";
  return "video/x-raw;" + h264_caps() +
         ";video/x-h265;video/x-vp8;video/x-vp9;video/x-av1;application/x-rtp,media=video";
}

// Encoders start their rate control anew at every change: only what can be seen is passed on.
void set_target(EncodingBranch& branch, Bitrate bitrate) {
  const double change = static_cast<double>(bitrate.bps) /
                        static_cast<double>(std::max<uint64_t>(branch.target.bps, 1));
  if (change > 0.95 && change < 1.05 && bitrate != branch.encoding.max_bitrate) return;
  if (bitrate == branch.target) return;
  branch.target = bitrate;
  branch.encoder->set_bitrate(bitrate);
}

}  // namespace

LocalTrack::LocalTrack(MediaKind kind, const std::string& name, Listener& listener)
    : kind_(kind),
      listener_(listener),
      bin_(Ref<GstElement>::sink(gst_bin_new(name.c_str()))),
      outlet_(GSTLK_OUTLET(g_object_new(GSTLK_TYPE_OUTLET, nullptr))),
      chain_(kind, bin_.get(), outlet_) {
  MutexLock lock(mutex_);
  gst_bin_add(GST_BIN(bin_.get()), GST_ELEMENT(outlet_));
  ghost(bin_.get(), GST_ELEMENT(outlet_), "src");
  add_entry("sink");
}

LocalTrack::~LocalTrack() { gst_element_set_state(bin_.get(), GST_STATE_NULL); }

GstPad* LocalTrack::add_sink() {
  MutexLock lock(mutex_);
  if (format_ || kind_ != MediaKind::Video || entries_.size() == kMaxEncodings) return nullptr;
  return add_entry("sink_" + std::to_string(entries_.size()));
}

GstPad* LocalTrack::add_entry(const std::string& name) {
  entries_.push_back(std::make_unique<TrackEntry>(
      GST_BIN(bin_.get()), name, sink_caps(kind_).c_str(),
      [this](TrackEntry& entry, GstCaps* caps) { handle_caps(entry, caps); }));
  return entries_.back()->pad();
}

void LocalTrack::handle_caps(TrackEntry& entry, GstCaps* caps) {
  const auto format = media_format(caps);
  const TrackSettings settings = listener_.track_settings();
  bool is_new = false;
  Result<void> taken;
  {
    MutexLock lock(mutex_);
    min_bitrate_ = settings.min_bitrate;
    const bool was_known = format_.has_value();
    taken = format ? take_format(entry, *format, settings) : fail(format.error().message);
    is_new = !was_known && format_;
  }
  if (!taken) return listener_.on_track_error(taken.error().message);
  if (is_new) listener_.on_track_ready();
}

Result<void> LocalTrack::take_format(TrackEntry& entry, const MediaFormat& format,
                                     const TrackSettings& settings) {
  if (entry.format && !entry.format->is_like(format))
    return fail("the media at the pad changed to another kind; request another pad for it");
  entry.format = format;
  if (format_) {
    chain_.rescale(format, settings);
    if (entries_.size() == 1) format_ = format;
    return {};
  }
  if (!std::ranges::all_of(entries_, [](const auto& e) { return e->format.has_value(); }))
    return {};
  if (const auto built = chain_.build(entries_, settings); !built) return built;
  format_ = format;
  check_streams();
  for (const auto& known : entries_) known->open();
  return {};
}

// Of encoders that are not ours. Other codecs than these have no order but one.
void LocalTrack::check_streams() {
  const std::string_view codec = chain_.codec()->name;
  if (codec != "h264" && codec != "h265") return;
  for (const auto& branch : chain_.branches())
    if (!branch->encoder)
      checks_.push_back(std::make_unique<StreamCheck>(
          branch->payloader, [this](const std::string& why) { listener_.on_track_error(why); },
          [this](const std::string& why) { listener_.on_track_warning(why); }));
}

Ref<GstCaps> LocalTrack::bind(const TrackBinding& binding) {
  MutexLock lock(mutex_);
  return chain_.bind(binding);
}

template <class Change>
void LocalTrack::change_gates(Change change) {
  std::vector<EncodingBranch*> opened;
  {
    MutexLock lock(mutex_);
    change();
    gstlk_outlet_set_open(outlet_, connected_);
    for (const auto& branch : chain_.branches()) {
      const bool open = connected_ && !muted_ && branch->enabled && branch->carried;
      if (!open)
        branch->open = false;
      else if (branch->set_open())
        opened.push_back(branch.get());
    }
  }
  // Branches stay as long as the track.
  for (EncodingBranch* branch : opened) branch->request_keyframe();
}

std::optional<MediaFormat> LocalTrack::format() const {
  MutexLock lock(mutex_);
  return format_;
}

const Codec* LocalTrack::codec() const {
  MutexLock lock(mutex_);
  return chain_.codec();
}

std::vector<VideoEncoding> LocalTrack::encodings() const {
  MutexLock lock(mutex_);
  std::vector<VideoEncoding> encodings;
  for (const auto& branch : chain_.branches()) encodings.push_back(branch->encoding);
  return encodings;
}

void LocalTrack::set_connected(bool connected) {
  change_gates([&]() NO_THREAD_SAFETY_ANALYSIS {
    connected_ = connected;
    if (connected) return;
    // What the next session wants of it, and carries, is not known yet.
    for (const auto& branch : chain_.branches()) branch->enabled = branch->carried = true;
    rates_ = LayerRates();
  });
}

void LocalTrack::set_muted(bool muted) {
  change_gates([&]() NO_THREAD_SAFETY_ANALYSIS { muted_ = muted; });
}

void LocalTrack::enable(::livekit::VideoQuality quality, bool enabled) {
  change_gates([&]() NO_THREAD_SAFETY_ANALYSIS {
    for (const auto& branch : chain_.branches()) {
      // A single encoding is the track, whatever quality its subscribers ask for.
      const bool meant = chain_.branches().size() == 1 || branch->encoding.quality == quality;
      if (meant) branch->enabled = enabled;
    }
  });
}

void LocalTrack::set_bitrate(Bitrate total, Timestamp now) {
  change_gates([&]() NO_THREAD_SAFETY_ANALYSIS { share_out(total, now); });
}

void LocalTrack::share_out(Bitrate total, Timestamp now) {
  if (kind_ != MediaKind::Video) return;
  std::vector<LayerWish> wishes;
  for (const auto& branch : chain_.branches()) {
    if (!branch->encoder) branch->offered_rate.update(branch->offered, now);
    // What was encoded elsewhere has the bitrate that it has, all of it or nothing.
    const Bitrate most = branch->encoder ? branch->most() : branch->needed();
    wishes.push_back({{branch->least(min_bitrate_), most}, branch->enabled});
  }
  if (wishes.empty()) return;
  const std::vector<LayerShare> shares = rates_.share(total, wishes, now);
  for (size_t i = 0; i < shares.size(); ++i) {
    EncodingBranch& branch = *chain_.branches()[i];
    branch.carried = shares[i].carried;
    if (branch.encoder && shares[i].bitrate.bps > 0) set_target(branch, shares[i].bitrate);
  }
}

Bitrate LocalTrack::max_bitrate() const {
  MutexLock lock(mutex_);
  Bitrate total;
  for (const auto& branch : chain_.branches())
    if (branch->enabled)
      total.bps += kind_ == MediaKind::Video ? branch->most().bps : branch->target.bps;
  return total;
}

Bitrate LocalTrack::least_bitrate() const {
  MutexLock lock(mutex_);
  Bitrate total;
  for (const auto& branch : chain_.branches())
    if (branch->enabled)
      total.bps += kind_ == MediaKind::Video ? branch->least(min_bitrate_).bps : branch->target.bps;
  return total;
}

TrackStats LocalTrack::stats() const {
  MutexLock lock(mutex_);
  TrackStats stats;
  gstlk_outlet_get_counts(outlet_, &stats.packets, &stats.bytes);
  for (const auto& branch : chain_.branches())
    stats.encodings.push_back({branch->encoding.rid, branch->encoding.width,
                               branch->encoding.height, branch->enabled && branch->carried,
                               branch->target, branch->frames.load(std::memory_order_relaxed)});
  return stats;
}

}  // namespace gstlk::client
