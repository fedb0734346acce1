// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/remote_output.h"

namespace gstlk::client {

// `folder`/`identity`-`source`-N.mkv with an N from 1 on of which there is no file, that of the one
// before plus one; the file is made, so that nobody else takes the name. What a file name should
// not have becomes "_". Empty when none can be made: errno says why.
std::string make_recording_file(const std::string& folder, const std::string& identity,
                                const std::string& source);

class TrackFile;

class TrackFileOwner {
 public:
  virtual ~TrackFileOwner() = default;
  // On the file's streaming thread, without a lock held.
  virtual void on_file_opened(TrackFile& file, const std::string& path) = 0;
  virtual void on_file_closed(TrackFile& file, const std::string& path) = 0;
  virtual void on_file_failed(TrackFile& file, const std::string& why) = 0;
  // The track has ended; the file may be destroyed, but not in this call.
  virtual void on_track_ended(TrackFile& file) = 0;
};

// Writes a track to a Matroska file, encoded as it comes:
//
//   (output) ! capsfilter ! queue ! [ matroskamux ! filesink ]
//
// What is in brackets is made when the first media comes, and is closed and made anew when the
// media becomes another than the muxer can
// go on with: another codec, or other channels. The times in the file are running times of the
// pipeline, so that those of one recorder have one timeline. Parameter sets stay in the stream
// ("avc3"): the picture may change its size, as it does when the server sends another layer. What
// waits for a slow disk is bounded: beyond that new media is lost.
//
// Times increase. Pictures come in the order in which they are shown, as WebRTC has it, but what
// brings tracks in sync may set one back, and demuxers take that for a fault.
class TrackFile {
 public:
  // All outlive this.
  TrackFile(GstBin* bin, const TrackIdentity& track, const std::string& folder,
            TrackFileOwner& owner);
  ~TrackFile();
  TrackFile(const TrackFile&) = delete;
  TrackFile& operator=(const TrackFile&) = delete;

  const TrackIdentity& track() const { return track_; }
  // Inside `bin`.
  GstPad* pad() const { return pad_; }

 private:
  static GstPadProbeReturn on_media(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn keep_order(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_event(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  void open();
  void close();

  GstBin* const bin_;
  const TrackIdentity track_;
  const std::string folder_;
  TrackFileOwner& owner_;
  const Ref<GstElement> own_bin_;
  GstPad* pad_ = nullptr;  // of own_bin_
  Ref<GstPad> source_;     // of the queue
  // The queue's streaming thread, and the destructor when that has ended.
  Ref<GstElement> muxer_;
  Ref<GstElement> writer_;
  Ref<GstCaps> caps_;  // of what is open
  std::string path_;
  GstClockTime last_pts_ = GST_CLOCK_TIME_NONE;
  bool failed_ = false;
};

}  // namespace gstlk::client
