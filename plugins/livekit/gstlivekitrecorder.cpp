// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-livekitrecorder
 * @title: livekitrecorder
 *
 * Joins a LiveKit room as a hidden recorder and writes each track, whoever publishes it and
 * whenever, to a Matroska file of its own, encoded as it comes: identity-source-1.mkv. A file plays
 * at any moment, also when the recorder was killed. The times in all files are those since the
 * pipeline played: files of one recorder are in sync with each other. While a publisher is away or
 * muted its file has a gap; when the track is gone, or at EOS, it is closed. EOS comes when all
 * are. A track that is end-to-end encrypted gets no file, which nobody could play, but a warning.
 *
 * The element message "livekit-file" tells of each: event ("file-opened", "file-closed"), location,
 * identity, source, name.
 *
 * |[
 * gst-launch-1.0 -e livekitrecorder ws-url=ws://127.0.0.1:7880 api-key=devkey secret-key=secret \
 *     room-name=room location=recordings
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/livekit/gstlivekitrecorder.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/client_properties.h"
#include "plugins/livekit/peer_connection.h"
#include "plugins/livekit/remote_tracks.h"
#include "plugins/livekit/selection_properties.h"
#include "plugins/livekit/track_file.h"

GST_DEBUG_CATEGORY_STATIC(livekit_recorder_debug);
#define GST_CAT_DEFAULT livekit_recorder_debug

using gstlk::Mutex;
using gstlk::MutexLock;
using gstlk::Ref;
using namespace gstlk::client;

namespace {

struct RecorderSettings {
  ConnectionSettings connection;
  TrackSelection selection;
  std::string folder = ".";
  guint latency = 200;
  guint hold = 10;
};

// What the element does: gives each output a file. Files live until their track has ended and what
// was on its way to the disk is there, which is later than their outputs.
class Recorder : public RemoteTracksOwner, public TrackFileOwner {
 public:
  explicit Recorder(GstElement* element) : element_(element), tracks_(element, *this) {}

  RecorderSettings settings;  // under the element's object lock

  // False after an error message.
  [[nodiscard]] bool join();
  void leave();
  // Closes all files, then posts EOS.
  void finish();

 private:
  bool wants(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track) override {
    return selection_.wants(who, track);
  }
  void on_output_added(RemoteOutput& output) override;
  void on_output_removed(RemoteOutput& output) override;
  void on_file_opened(TrackFile& file, const std::string& path) override;
  void on_file_closed(TrackFile& file, const std::string& path) override;
  void on_file_failed(TrackFile& file, const std::string& why) override;
  void on_track_ended(TrackFile& file) override;

  bool check(const RecorderSettings& wanted);
  void tell(const char* event, const TrackFile& file, const std::string& path);
  void remove(TrackFile* file) EXCLUDES(mutex_);
  void post_eos();

  GstElement* const element_;
  TrackSelection selection_;  // of this membership, as is folder_
  std::string folder_;
  std::shared_ptr<ClientThread> thread_;
  RemoteTracks tracks_;
  Mutex mutex_;
  std::map<TrackFile*, std::unique_ptr<TrackFile>> files_ GUARDED_BY(mutex_);
  std::map<const RemoteOutput*, TrackFile*> of_outputs_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
};

}  // namespace

struct _GstLiveKitRecorder {
  GstBin parent;
  Recorder* impl;
};

G_DEFINE_FINAL_TYPE(GstLiveKitRecorder, gst_livekit_recorder, GST_TYPE_BIN)

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_LATENCY,
  PROP_HOLD,
  PROP_FIRST_OF_SELECTION,
  PROP_FIRST_OF_CLIENT = PROP_FIRST_OF_SELECTION + kSelectionProperties,
};

namespace {

bool Recorder::check(const RecorderSettings& wanted) {
  if (!Ref<GstElementFactory>::adopt(gst_element_factory_find("matroskamux"))) {
    GST_ELEMENT_ERROR(element_, CORE, MISSING_PLUGIN,
                      ("The element matroskamux is missing; it is in gst-plugins-good."),
                      (nullptr));
    return false;
  }
  if (!g_file_test(wanted.folder.c_str(), G_FILE_TEST_IS_DIR)) {
    GST_ELEMENT_ERROR(
        element_, RESOURCE, NOT_FOUND,
        ("There is no folder \"%s\": make it, or set location to another.", wanted.folder.c_str()),
        (nullptr));
    return false;
  }
  if (g_access(wanted.folder.c_str(), W_OK) != 0) {
    GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_WRITE,
                      ("The folder \"%s\" cannot be written to.", wanted.folder.c_str()),
                      GST_ERROR_SYSTEM);
    return false;
  }
  return true;
}

bool Recorder::join() {
  GST_OBJECT_LOCK(element_);
  RecorderSettings wanted = settings;
  GST_OBJECT_UNLOCK(element_);
  if (!check(wanted)) return false;
  selection_ = wanted.selection;
  folder_ = wanted.folder;
  {
    MutexLock lock(mutex_);
    ending_ = false;
  }
  wanted.connection.hidden = true;
  wanted.connection.recorder = true;
  if (wanted.connection.identity.empty())
    wanted.connection.identity = "recorder-" + std::to_string(g_random_int());
  thread_ = ClientThread::get();
  return tracks_.join(wanted.connection, {.form = OutputForm::Encoded,
                                          .latency = wanted.latency,
                                          .hold = std::chrono::seconds(wanted.hold),
                                          .encrypted = false});
}

void Recorder::leave() {
  tracks_.leave();
  std::map<TrackFile*, std::unique_ptr<TrackFile>> files;
  {
    MutexLock lock(mutex_);
    files.swap(files_);
    of_outputs_.clear();
  }
  files.clear();
  // What files posted finds nothing to do, but has to find this.
  if (thread_) thread_->run([] {});
  thread_.reset();
}

void Recorder::finish() {
  bool last = false;
  {
    MutexLock lock(mutex_);
    if (ending_) return;
    ending_ = true;
    last = files_.empty();
  }
  tracks_.send_eos();
  if (last) post_eos();
}

void Recorder::on_output_added(RemoteOutput& output) {
  auto made = std::make_unique<TrackFile>(GST_BIN(element_), output.track(), folder_, *this);
  TrackFile* file = made.get();
  // Linked first: what ends everything from here on finds it by its output or in the list.
  gst_pad_link_full(output.pad(), file->pad(), GST_PAD_LINK_CHECK_NOTHING);
  {
    MutexLock lock(mutex_);
    if (!ending_) {
      files_[file] = std::move(made);
      of_outputs_[&output] = file;
    }
  }
  if (made) gst_pad_unlink(output.pad(), file->pad());
}

void Recorder::on_output_removed(RemoteOutput& output) {
  TrackFile* file = nullptr;
  {
    MutexLock lock(mutex_);
    const auto it = of_outputs_.find(&output);
    if (it == of_outputs_.end()) return;
    file = it->second;
    of_outputs_.erase(it);
    if (!files_.contains(file)) return;
  }
  gst_pad_unlink(output.pad(), file->pad());
}

void Recorder::tell(const char* event, const TrackFile& file, const std::string& path) {
  const TrackIdentity& track = file.track();
  gst_element_post_message(
      element_, gst_message_new_element(
                    GST_OBJECT(element_),
                    gst_structure_new("livekit-file", "event", G_TYPE_STRING, event, "location",
                                      G_TYPE_STRING, path.c_str(), "identity", G_TYPE_STRING,
                                      track.identity.c_str(), "source", G_TYPE_STRING,
                                      source_name(track.source).c_str(), "name", G_TYPE_STRING,
                                      track.name.c_str(), nullptr)));
}

void Recorder::on_file_opened(TrackFile& file, const std::string& path) {
  tell("file-opened", file, path);
}

void Recorder::on_file_closed(TrackFile& file, const std::string& path) {
  tell("file-closed", file, path);
}

void Recorder::on_file_failed(TrackFile&, const std::string& why) {
  GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_WRITE,
                    ("A track cannot be recorded: %s. See to the folder of location.", why.c_str()),
                    (nullptr));
}

// Not here: the end of the file waits for this thread.
void Recorder::on_track_ended(TrackFile& file) {
  thread_->post([this, ended = &file] { remove(ended); });
}

void Recorder::remove(TrackFile* file) {
  std::unique_ptr<TrackFile> removed;
  bool last = false;
  {
    MutexLock lock(mutex_);
    const auto it = files_.find(file);
    if (it == files_.end()) return;
    removed = std::move(it->second);
    files_.erase(it);
    last = ending_ && files_.empty();
  }
  {
    const ClientThread::Stopping stopping(*thread_);
    removed.reset();
  }
  if (last) post_eos();
}

void Recorder::post_eos() {
  gst_element_post_message(element_, gst_message_new_eos(GST_OBJECT(element_)));
}

}  // namespace

static GstStateChangeReturn gst_livekit_recorder_change_state(GstElement* element,
                                                              GstStateChange change) {
  Recorder& impl = *GST_LIVEKIT_RECORDER(element)->impl;
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !impl.join()) {
    impl.leave();
    return GST_STATE_CHANGE_FAILURE;
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_livekit_recorder_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    impl.leave();
  if (result == GST_STATE_CHANGE_FAILURE) return result;
  // Live: nothing comes while it does not play.
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED || change == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    return GST_STATE_CHANGE_NO_PREROLL;
  return result;
}

// EOS from the application, as "gst-launch-1.0 -e" sends it to end a recording well.
static gboolean gst_livekit_recorder_send_event(GstElement* element, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_livekit_recorder_parent_class)->send_event(element, event);
  gst_event_unref(event);
  GST_LIVEKIT_RECORDER(element)->impl->finish();
  return TRUE;
}

// A file that has ended is not the end: somebody may come. What happens to a connection is the
// session's to mend.
static void gst_livekit_recorder_handle_message(GstBin* bin, GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS || PeerConnection::take_error(message))
    return gst_message_unref(message);
  GST_BIN_CLASS(gst_livekit_recorder_parent_class)->handle_message(bin, message);
}

static void gst_livekit_recorder_set_property(GObject* object, guint id, const GValue* value,
                                              GParamSpec* spec) {
  auto* self = GST_LIVEKIT_RECORDER(object);
  GST_OBJECT_LOCK(self);
  RecorderSettings& settings = self->impl->settings;
  bool known = true;
  if (id == PROP_LOCATION) {
    const char* text = g_value_get_string(value);
    settings.folder = text && *text ? text : ".";
  } else if (id == PROP_LATENCY) {
    settings.latency = g_value_get_uint(value);
  } else if (id == PROP_HOLD) {
    settings.hold = g_value_get_uint(value);
  } else {
    known = set_selection_property(settings.selection, PROP_FIRST_OF_SELECTION, id, value) ||
            set_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_recorder_get_property(GObject* object, guint id, GValue* value,
                                              GParamSpec* spec) {
  auto* self = GST_LIVEKIT_RECORDER(object);
  GST_OBJECT_LOCK(self);
  const RecorderSettings& settings = self->impl->settings;
  bool known = true;
  if (id == PROP_LOCATION) {
    g_value_set_string(value, settings.folder.c_str());
  } else if (id == PROP_LATENCY) {
    g_value_set_uint(value, settings.latency);
  } else if (id == PROP_HOLD) {
    g_value_set_uint(value, settings.hold);
  } else {
    known = get_selection_property(settings.selection, PROP_FIRST_OF_SELECTION, id, value) ||
            get_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_recorder_finalize(GObject* object) {
  delete GST_LIVEKIT_RECORDER(object)->impl;
  G_OBJECT_CLASS(gst_livekit_recorder_parent_class)->finalize(object);
}

static void gst_livekit_recorder_init(GstLiveKitRecorder* self) {
  self->impl = new Recorder(GST_ELEMENT(self));
  // Both: it is sent EOS like a source, and waited for like a sink.
  constexpr auto both =
      static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  gst_bin_set_suppressed_flags(GST_BIN(self), both);
  GST_OBJECT_FLAG_SET(self, both);
}

static void gst_livekit_recorder_class_init(GstLiveKitRecorderClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(livekit_recorder_debug, "livekitrecorder", 0, "LiveKit recorder");
  object_class->set_property = gst_livekit_recorder_set_property;
  object_class->get_property = gst_livekit_recorder_get_property;
  object_class->finalize = gst_livekit_recorder_finalize;
  element_class->change_state = gst_livekit_recorder_change_state;
  element_class->send_event = gst_livekit_recorder_send_event;
  GST_BIN_CLASS(klass)->handle_message = gst_livekit_recorder_handle_message;
  constexpr auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_READY);
  g_object_class_install_property(
      object_class, PROP_LOCATION,
      g_param_spec_string("location", "Location",
                          "Folder, which is there, for the files: identity-source-1.mkv and so on; "
                          "no file is written over",
                          ".", flags));
  g_object_class_install_property(
      object_class, PROP_LATENCY,
      g_param_spec_uint("latency", "Latency",
                        "Milliseconds that packets may be late or have to be repeated in", 0, 60000,
                        200, flags));
  g_object_class_install_property(
      object_class, PROP_HOLD,
      g_param_spec_uint("hold", "Hold",
                        "Seconds that a file waits for a track whose publisher went away to come "
                        "back, before it is closed; one that the server removed is not waited for",
                        0, G_MAXINT, 10, flags));
  install_selection_properties(object_class, PROP_FIRST_OF_SELECTION);
  install_client_properties(object_class, PROP_FIRST_OF_CLIENT);
  gst_element_class_set_static_metadata(element_class, "LiveKit recorder", "Sink/Network/WebRTC",
                                        "Records each track of a LiveKit room into a file",
                                        "gst-livekit");
}
