// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/time.h"
#include "plugins/livekit/outlet.h"
#include "plugins/livekit/tile_arranger.h"
#include "plugins/livekit/tile_cards.h"

namespace gstlk::client {

struct StageSettings {
  CanvasSize size{1280, 720};  // even
  int frames = 30;             // in `seconds`
  int seconds = 1;
  uint32_t background = 0x14181d;  // 0xRRGGBB
  bool names = true;
  // How late media may come for its time and still be composed.
  Duration latency = 300ms;
};

// A tile, where the arranger wants it.
struct StageTile {
  PlacedTile place;
  std::string name;
  std::string video;  // which one is in it; empty: none, and the tile is a card
  bool operator==(const StageTile&) const = default;
};

// Composes raw media of any origin into one picture and one sound, both of which run at the
// pipeline's clock from the first moment, whoever is there or falls silent:
//
//   (behind the tiles) ----------------------> compositor ! caps ! video_src()
//   (a video) ! outlet ----------------------> "             + names above the tiles
//   (an audio) ! audioresample ! outlet -> audiomixer ! caps ! audio_src()
//
// No thread but those of compositor and mixer, which never wait for a tile. Calls come one at a
// time, from any thread but a streaming one of theirs, and not with a lock held.
class CompositeStage {
 public:
  // Adds its elements to `bin`, which outlives this.
  CompositeStage(GstBin* bin, const StageSettings& settings);
  ~CompositeStage();
  CompositeStage(const CompositeStage&) = delete;
  CompositeStage& operator=(const CompositeStage&) = delete;

  // The part of a tile that a video can have: beside it there is a gap to the next one.
  Rect video_rect(const Rect& tile) const;

  // For ghost pads.
  Ref<GstPad> video_src() const;
  Ref<GstPad> audio_src() const;

  // Its elements went to PAUSED; behind start(), to PLAYING or back; they are about to stop.
  void start();
  void play();
  void pause();
  void stop();
  // Both pads end with what is now, or was when they were held back.
  void end() EXCLUDES(mutex_);

  // `source` gives raw video from now on; what comes while no tile shows it is dropped.
  void add_video(const std::string& id, GstPad* source);
  // It goes at once. Its source gets GST_FLOW_NOT_LINKED then.
  void remove_video(const std::string& id);
  void add_audio(const std::string& id, GstPad* source);
  void remove_audio(const std::string& id);

  // Everything that is shown, of which a video may be added later.
  void show(std::vector<StageTile> tiles);
  void set_background(uint32_t background);
  void set_names(bool names);

 private:
  class Input;

  GstElement* add(const char* factory, const char* name);
  void add_caps(GstElement* after, const std::string& caps, Ref<GstPad>& out);
  void place(const std::string& id, Input& input);
  GstClockTime running_time() const;
  // Behind and above the tiles, when it differs.
  void draw() EXCLUDES(mutex_);
  // Unless nothing goes on: then the newest is pushed when it does.
  void push_behind() EXCLUDES(mutex_);
  static GstPadProbeReturn hold(GstPad* pad, GstPadProbeInfo* info, gpointer);
  static GstPadProbeReturn end_in_time(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn draw_above(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  GstBin* const bin_;
  StageSettings settings_;
  GstVideoInfo picture_;
  TileCards cards_;
  std::vector<GstElement*> elements_;  // in bin_, like the next two
  GstElement* compositor_ = nullptr;
  GstElement* mixer_ = nullptr;
  Ref<GstPad> video_src_;
  Ref<GstPad> audio_src_;
  // Of the two pads that are held back, the probes.
  std::vector<std::pair<Ref<GstPad>, gulong>> holds_;
  Ref<GstPad> behind_src_;
  std::atomic<GstClockTime> end_at_ = GST_CLOCK_TIME_NONE;  // running time
  std::vector<StageTile> tiles_;
  std::map<std::string, std::unique_ptr<Input>> videos_;
  std::map<std::string, std::unique_ptr<Input>> audios_;
  Mutex mutex_;
  Ref<GstVideoOverlayComposition> above_ GUARDED_BY(mutex_);
  Ref<GstBuffer> behind_ GUARDED_BY(mutex_);
  bool running_ GUARDED_BY(mutex_) = false;
  bool held_ GUARDED_BY(mutex_) = false;         // between pause() and play()
  GstClockTime held_at_ GUARDED_BY(mutex_) = 0;  // running time of pause()
  bool waiting_ GUARDED_BY(mutex_) = false;      // behind_, until play()
};

}  // namespace gstlk::client
