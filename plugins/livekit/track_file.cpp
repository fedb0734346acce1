// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gstlk::client {

namespace {

// Half a minute of a good picture.
constexpr guint kMostWaiting = 16 * 1024 * 1024;

constexpr const char* kCaps =
    "video/x-h264,stream-format=avc3,alignment=au; video/x-h265,stream-format=hev1,alignment=au; "
    "video/x-vp8; video/x-vp9; video/x-av1,stream-format=obu-stream; audio/x-opus";

constexpr size_t kLongestName = 100;
constexpr unsigned kMostFiles = 100000;

std::string file_name_part(const std::string& text) {
  static const std::string allowed = "-_.@+";
  std::string part = text.substr(0, kLongestName);
  for (char& c : part)
    if (!g_ascii_isalnum(c) && allowed.find(c) == std::string::npos) c = '_';
  if (part.empty() || part.front() == '.') part.insert(0, "_");
  return part;
}

Ref<GstElement> make(GstElement* bin, const char* factory) {
  auto element = Ref<GstElement>::sink(gst_element_factory_make(factory, nullptr));
  gst_bin_add(GST_BIN(bin), element.get());
  return element;
}

// What matroskamux lets change within a file: the picture's size and what says so.
Ref<GstCaps> without_size(const GstCaps* caps) {
  auto rest = Ref<GstCaps>::adopt(gst_caps_copy(caps));
  GstStructure* structure = gst_caps_get_structure(rest.get(), 0);
  const std::string_view name = gst_structure_get_name(structure);
  if (name == "video/x-h264" || name == "video/x-h265") {
    gst_structure_remove_fields(structure, "width", "height", "codec_data", "profile", "level",
                                "tier", nullptr);
  } else if (name == "video/x-vp8" || name == "video/x-vp9") {
    gst_structure_remove_fields(structure, "width", "height", "profile", "streamheader", nullptr);
  } else {
    return rest;
  }
  gst_structure_remove_fields(structure, "chroma-site", "chroma-format", "bit-depth-luma",
                              "bit-depth-chroma", nullptr);
  return rest;
}

bool goes_on_with(const GstCaps* open, const GstCaps* next) {
  const Ref<GstCaps> before = without_size(open);
  const Ref<GstCaps> after = without_size(next);
  const bool is_video =
      g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(before.get(), 0)), "video/");
  return is_video ? gst_caps_is_subset(after.get(), before.get())
                  : gst_caps_is_equal(after.get(), before.get());
}

std::string recording_path(const std::string& begin, unsigned number) {
  return begin + std::to_string(number) + ".mkv";
}

// The number behind one that is taken, with fewer looks than there are files: a track that changes
// has thousands.
unsigned first_free(const std::string& begin) {
  const auto is_taken = [&](unsigned number) {
    return access(recording_path(begin, number).c_str(), F_OK) == 0;
  };
  unsigned free = 1;
  while (free <= kMostFiles && is_taken(free)) free *= 2;
  unsigned taken = free / 2;
  while (free - taken > 1) {
    const unsigned middle = taken + (free - taken) / 2;
    (is_taken(middle) ? taken : free) = middle;
  }
  return free;
}

}  // namespace

std::string make_recording_file(const std::string& folder, const std::string& identity,
                                const std::string& source) {
  const std::string begin = folder + "/" + file_name_part(identity) + "-" + source + "-";
  for (unsigned number = first_free(begin); number <= kMostFiles; ++number) {
    std::string path = recording_path(begin, number);
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) {
      ::close(file);
      return path;
    }
    if (errno != EEXIST) return {};
  }
  return {};
}

TrackFile::TrackFile(GstBin* bin, const TrackIdentity& track, const std::string& folder,
                     TrackFileOwner& owner)
    : bin_(bin),
      track_(track),
      folder_(folder),
      owner_(owner),
      own_bin_(Ref<GstElement>::sink(gst_bin_new(nullptr))) {
  const auto filter = make(own_bin_.get(), "capsfilter");
  const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(kCaps));
  g_object_set(filter.get(), "caps", caps.get(), nullptr);
  const auto queue = make(own_bin_.get(), "queue");
  gst_util_set_object_arg(G_OBJECT(queue.get()), "leaky", "upstream");
  g_object_set(queue.get(), "max-size-buffers", 0, "max-size-time", guint64{0}, "max-size-bytes",
               kMostWaiting, nullptr);
  gst_element_link(filter.get(), queue.get());
  source_ = Ref<GstPad>::adopt(gst_element_get_static_pad(queue.get(), "src"));
  // Blocking probes are called in front of the sticky events that a new peer is sent.
  gst_pad_add_probe(
      source_.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER), on_media,
      this, nullptr);
  gst_pad_add_probe(source_.get(), GST_PAD_PROBE_TYPE_BUFFER, keep_order, this, nullptr);
  gst_pad_add_probe(source_.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, this, nullptr);
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(filter.get(), "sink"));
  pad_ = gst_ghost_pad_new("sink", sink.get());
  gst_pad_set_active(pad_, TRUE);
  gst_element_add_pad(own_bin_.get(), pad_);
  gst_bin_add(bin_, own_bin_.get());
  gst_element_sync_state_with_parent(own_bin_.get());
}

TrackFile::~TrackFile() {
  gst_element_set_locked_state(own_bin_.get(), TRUE);
  gst_element_set_state(own_bin_.get(), GST_STATE_NULL);
  gst_bin_remove(bin_, own_bin_.get());
}

GstPadProbeReturn TrackFile::on_media(GstPad*, GstPadProbeInfo*, gpointer self) {
  auto* file = static_cast<TrackFile*>(self);
  if (!file->muxer_ && !file->failed_) file->open();
  return file->muxer_ ? GST_PAD_PROBE_PASS : GST_PAD_PROBE_DROP;
}

GstPadProbeReturn TrackFile::keep_order(GstPad*, GstPadProbeInfo* info, gpointer self) {
  GstClockTime& last = static_cast<TrackFile*>(self)->last_pts_;
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  // The resolution of the file.
  const GstClockTime least = GST_CLOCK_TIME_IS_VALID(last) ? last + GST_MSECOND : 0;
  if (!GST_BUFFER_PTS_IS_VALID(buffer) || GST_BUFFER_PTS(buffer) < least) {
    buffer = gst_buffer_make_writable(buffer);
    GST_BUFFER_PTS(buffer) = least;
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
  }
  last = GST_BUFFER_PTS(buffer);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn TrackFile::on_event(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* file = static_cast<TrackFile*>(self);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    if (file->caps_ && !goes_on_with(file->caps_.get(), caps)) file->close();
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    file->close();
    file->owner_.on_track_ended(*file);
    return GST_PAD_PROBE_DROP;
  }
  return GST_PAD_PROBE_OK;
}

void TrackFile::open() {
  const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(source_.get()));
  if (!caps) return;
  path_ = make_recording_file(folder_, track_.identity, source_name(track_.source));
  if (path_.empty()) {
    failed_ = true;
    return owner_.on_file_failed(
        *this, "no file can be made in " + folder_ + ": " + std::string(g_strerror(errno)));
  }
  caps_ = caps;
  writer_ = make(own_bin_.get(), "filesink");
  g_object_set(writer_.get(), "location", path_.c_str(), "sync", FALSE, "async", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(writer_.get()), "buffer-mode", "unbuffered");
  muxer_ = make(own_bin_.get(), "matroskamux");
  gst_element_link(muxer_.get(), writer_.get());
  const auto sink = Ref<GstPad>::adopt(gst_element_request_pad_simple(
      muxer_.get(), track_.kind == MediaKind::Video ? "video_%u" : "audio_%u"));
  gst_element_sync_state_with_parent(writer_.get());
  gst_element_sync_state_with_parent(muxer_.get());
  gst_pad_link_full(source_.get(), sink.get(), GST_PAD_LINK_CHECK_NOTHING);
  owner_.on_file_opened(*this, path_);
}

void TrackFile::close() {
  if (!muxer_) return;
  const auto sink = Ref<GstPad>::adopt(gst_pad_get_peer(source_.get()));
  gst_pad_unlink(source_.get(), sink.get());
  // The muxer writes its index, and the file is whole when this returns.
  gst_pad_send_event(sink.get(), gst_event_new_eos());
  for (auto* element : {&muxer_, &writer_}) {
    gst_element_set_locked_state(element->get(), TRUE);
    gst_element_set_state(element->get(), GST_STATE_NULL);
    gst_bin_remove(GST_BIN(own_bin_.get()), element->get());
    element->reset();
  }
  caps_.reset();
  owner_.on_file_closed(*this, std::exchange(path_, {}));
}

}  // namespace gstlk::client
