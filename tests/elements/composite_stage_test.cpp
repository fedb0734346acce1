// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures and sound that are composed of test sources, without a room.
#include <gst/gst.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/ref.h"
#include "plugins/livekit/composite_stage.h"
#include "tests/elements/buffer_count.h"

namespace gstlk::client {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kRed = 0xff0000;
constexpr uint32_t kGreen = 0x00ff00;
constexpr uint32_t kBlue = 0x0000ff;

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds within = 5s) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < end) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return holds();
}

struct Pixel {
  int y = 0;
  int u = 0;
  int v = 0;
};

// What comes out of a pad.
class Capture {
 public:
  explicit Capture(GstElement* sink) {
    g_object_set(sink, "signal-handoffs", TRUE, "sync", FALSE, "async", FALSE, nullptr);
    g_signal_connect(sink, "handoff", G_CALLBACK(handoff), this);
  }

  Ref<GstBuffer> last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  std::vector<GstClockTime> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }
  size_t count() const { return times().size(); }

 private:
  static void handoff(GstElement*, GstBuffer* buffer, GstPad*, gpointer self) {
    auto* const capture = static_cast<Capture*>(self);
    const std::lock_guard lock(capture->mutex_);
    capture->last_ = Ref<GstBuffer>::share(buffer);
    capture->times_.push_back(GST_BUFFER_PTS(buffer));
  }

  mutable std::mutex mutex_;
  Ref<GstBuffer> last_;
  std::vector<GstClockTime> times_;
};

StageSettings small() {
  StageSettings settings;
  settings.size = {640, 360};
  settings.latency = 100ms;
  return settings;
}

// A running pipeline of a stage and sources.
class StagePipeline {
 public:
  explicit StagePipeline(const StageSettings& settings = small())
      : settings_(settings),
        pipeline_(Ref<GstElement>::sink(gst_pipeline_new(nullptr))),
        video_sink_(gst_element_factory_make("fakesink", nullptr)),
        audio_sink_(gst_element_factory_make("fakesink", nullptr)),
        video_(video_sink_),
        audio_(audio_sink_) {
    gst_bin_add_many(bin(), video_sink_, audio_sink_, nullptr);
    stage_ = std::make_unique<CompositeStage>(bin(), settings);
    link(stage_->video_src(), video_sink_);
    link(stage_->audio_src(), audio_sink_);
    gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED);
    stage_->start();
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    stage_->play();
  }
  ~StagePipeline() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    stage_.reset();
  }

  // At which running time.
  GstClockTime pause() {
    stage_->pause();
    gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED);
    gst_element_get_state(pipeline_.get(), nullptr, nullptr, GST_CLOCK_TIME_NONE);
    return gst_element_get_start_time(pipeline_.get());
  }
  void play() {
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    stage_->play();
  }

  CompositeStage& stage() { return *stage_; }
  Ref<GstElement> find(const std::string& name) {
    return Ref<GstElement>::adopt(gst_bin_get_by_name(bin(), name.c_str()));
  }
  Capture& video() { return video_; }
  Capture& audio() { return audio_; }

  void add_video(const std::string& id, uint32_t colour,
                 const char* size = "width=320,height=180") {
    GstElement* made =
        add(id + "-video",
            "videotestsrc is-live=true pattern=solid-color foreground-color=" +
                std::to_string(0xff000000u | colour) +
                " ! capsfilter name=size caps=video/x-raw,format=I420,framerate=30/1," + size);
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(made, "src"));
    stage_->add_video(id, pad.get());
    gst_element_sync_state_with_parent(made);
  }
  void add_audio(const std::string& id, const char* volume, const char* rate = "48000",
                 const char* tone = "440") {
    GstElement* made = add(
        id + "-audio", std::string("audiotestsrc is-live=true volume=") + volume + " freq=" + tone +
                           " ! capsfilter caps=audio/x-raw,channels=1,rate=" + rate);
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(made, "src"));
    stage_->add_audio(id, pad.get());
    gst_element_sync_state_with_parent(made);
  }
  void set_size(const std::string& id, const std::string& size) {
    const auto source = find(id + "-video");
    const auto filter = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(source.get()), "size"));
    gst_util_set_object_arg(G_OBJECT(filter.get()), "caps",
                            ("video/x-raw,format=I420,framerate=30/1," + size).c_str());
  }
  // The source gives nothing more.
  void pause_video(const std::string& id) {
    gst_element_set_state(find(id + "-video").get(), GST_STATE_PAUSED);
  }
  // As who takes a track away does it: while it runs.
  void remove_video(const std::string& id) {
    stage_->remove_video(id);
    remove(id + "-video");
  }
  void remove_audio(const std::string& id) {
    stage_->remove_audio(id);
    remove(id + "-audio");
  }

  Pixel pixel(int x, int y) {
    const Ref<GstBuffer> buffer = video_.last();
    if (!buffer) return {};
    GstVideoInfo info;
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420,
                              static_cast<guint>(settings_.size.width),
                              static_cast<guint>(settings_.size.height));
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_READ)) return {};
    const auto at = [&frame](guint plane, int px, int py) {
      return static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(
          &frame, plane))[py * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane) + px];
    };
    const Pixel pixel{at(0, x, y), at(1, x / 2, y / 2), at(2, x / 2, y / 2)};
    gst_video_frame_unmap(&frame);
    return pixel;
  }
  bool is(int x, int y, uint32_t rgb) {
    const auto near = [](int a, double b) { return std::abs(a - b) < 8; };
    const double red = (rgb >> 16 & 255) / 255.0;
    const double green = (rgb >> 8 & 255) / 255.0;
    const double blue = (rgb & 255) / 255.0;
    const double luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    const Pixel found = pixel(x, y);
    return near(found.y, 16 + 219 * luma) && near(found.u, 128 + 224 * (blue - luma) / 1.772) &&
           near(found.v, 128 + 224 * (red - luma) / 1.402);
  }
  bool becomes(int x, int y, uint32_t rgb) {
    return eventually([&] { return is(x, y, rgb); });
  }
  // The loudest of the last samples, in parts of the loudest that there are.
  double loudness() {
    const Ref<GstBuffer> buffer = audio_.last();
    if (!buffer) return -1;
    GstMapInfo map;
    gst_buffer_map(buffer.get(), &map, GST_MAP_READ);
    int peak = 0;
    const auto* samples = reinterpret_cast<const int16_t*>(map.data);
    for (gsize i = 0; i < map.size / 2; ++i) peak = std::max(peak, std::abs(int{samples[i]}));
    gst_buffer_unmap(buffer.get(), &map);
    return peak / 32768.0;
  }
  std::string error() {
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    const auto message = Ref<GstMessage>::adopt(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
    if (!message) return {};
    GError* error = nullptr;
    gchar* debug = nullptr;
    gst_message_parse_error(message.get(), &error, &debug);
    std::string text = std::string(error->message) + " " + (debug ? debug : "");
    g_error_free(error);
    g_free(debug);
    return text;
  }
  bool has_ended() {
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    return Ref<GstMessage>::adopt(
               gst_bus_timed_pop_filtered(
                   bus.get(), 5 * GST_SECOND,
                   static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)))
               .get() != nullptr;
  }
  bool goes_on() {
    const size_t pictures = video_.count();
    const size_t sounds = audio_.count();
    return eventually(
        [&] { return video_.count() > pictures + 10 && audio_.count() > sounds + 10; }, 2s);
  }

 private:
  GstBin* bin() { return GST_BIN(pipeline_.get()); }
  static void link(const Ref<GstPad>& src, GstElement* sink) {
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    ASSERT_EQ(gst_pad_link(src.get(), pad.get()), GST_PAD_LINK_OK);
  }
  // With an outlet at its end, as tracks of a room have one: not linked any more is no error.
  GstElement* add(const std::string& name, const std::string& description) {
    GstElement* element = gst_parse_bin_from_description(description.c_str(), FALSE, nullptr);
    auto* const outlet = GSTLK_OUTLET(g_object_new(GSTLK_TYPE_OUTLET, nullptr));
    gstlk_outlet_set_open(outlet, TRUE);
    const auto last = Ref<GstPad>::adopt(gst_bin_find_unlinked_pad(GST_BIN(element), GST_PAD_SRC));
    const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(outlet), "src"));
    const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(outlet), "sink"));
    gst_bin_add(GST_BIN(element), GST_ELEMENT(outlet));
    gst_pad_link(last.get(), sink.get());
    gst_element_add_pad(element, gst_ghost_pad_new("src", src.get()));
    gst_object_set_name(GST_OBJECT(element), name.c_str());
    gst_bin_add(bin(), element);
    return element;
  }
  void remove(const std::string& name) {
    const auto source = find(name);
    gst_element_set_locked_state(source.get(), TRUE);
    gst_element_set_state(source.get(), GST_STATE_NULL);
    gst_bin_remove(bin(), source.get());
  }

  const StageSettings settings_;
  Ref<GstElement> pipeline_;
  GstElement* video_sink_;  // in the pipeline
  GstElement* audio_sink_;  // likewise
  Capture video_;
  Capture audio_;
  std::unique_ptr<CompositeStage> stage_;
};

class CompositeStageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
};

StageTile tile(const std::string& id, Rect rect, bool has_video = true,
               const std::string& name = "") {
  return {
      .place = {.id = id, .shown = true, .rect = rect}, .name = name, .video = has_video ? id : ""};
}
constexpr Rect kLeft{0, 90, 320, 180};
constexpr Rect kRight{320, 90, 320, 180};

TEST_F(CompositeStageTest, GivesPicturesAndSilenceFromTheFirstMomentWhoeverIsThere) {
  StagePipeline pipeline;
  ASSERT_TRUE(eventually([&] { return pipeline.video().count() > 45; }));
  const auto pictures = pipeline.video().times();
  for (size_t i = 0; i < pictures.size(); ++i)
    ASSERT_NEAR(static_cast<double>(pictures[i]), static_cast<double>(i) * 1e9 / 30, 2) << i;
  const auto sounds = pipeline.audio().times();
  for (size_t i = 0; i < sounds.size(); ++i) ASSERT_EQ(sounds[i], i * sounds[1]) << i;
  EXPECT_EQ(pipeline.loudness(), 0);
  EXPECT_TRUE(pipeline.is(320, 180, StageSettings().background));
  // At the pace of the clock: 60 pictures are 2 s.
  const auto begin = std::chrono::steady_clock::now();
  const size_t before = pipeline.video().count();
  ASSERT_TRUE(eventually([&] { return pipeline.video().count() >= before + 30; }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_NEAR(took.count(), 1, 0.2);
}

TEST_F(CompositeStageTest, ShowsEachVideoInItsPlaceAndMovesIt) {
  StagePipeline pipeline;
  pipeline.stage().show({tile("a", kLeft), tile("b", kRight)});
  pipeline.add_video("a", kRed);
  pipeline.add_video("b", kBlue);
  EXPECT_TRUE(pipeline.becomes(160, 180, kRed));
  EXPECT_TRUE(pipeline.becomes(480, 180, kBlue));
  EXPECT_TRUE(pipeline.is(160, 40, StageSettings().background));
  pipeline.stage().show({tile("b", kLeft), tile("a", kRight)});
  EXPECT_TRUE(pipeline.becomes(160, 180, kBlue));
  EXPECT_TRUE(pipeline.becomes(480, 180, kRed));
  pipeline.stage().show({tile("b", {0, 0, 640, 360})});
  EXPECT_TRUE(pipeline.becomes(2, 2, kBlue));
  EXPECT_TRUE(pipeline.is(636, 356, kBlue));
  EXPECT_EQ(pipeline.error(), "");
}

TEST_F(CompositeStageTest, KeepsTheAspectOfAVideoThatChangesItsSize) {
  StagePipeline pipeline;
  pipeline.stage().show({tile("a", {0, 0, 640, 360})});
  pipeline.add_video("a", kGreen, "width=120,height=240");
  EXPECT_TRUE(pipeline.becomes(320, 4, kGreen));
  EXPECT_FALSE(pipeline.is(200, 180, kGreen));
  EXPECT_TRUE(pipeline.is(320, 355, kGreen));
  pipeline.set_size("a", "width=240,height=120");
  EXPECT_TRUE(pipeline.becomes(4, 180, kGreen));
  EXPECT_FALSE(pipeline.is(320, 10, kGreen));
}

TEST_F(CompositeStageTest, ShowsTheCardWhileACameraIsOff) {
  StagePipeline pipeline;
  pipeline.stage().show({tile("a", kLeft, true, "Ada"), tile("b", kRight)});
  pipeline.add_video("a", kRed);
  pipeline.add_video("b", kBlue);
  ASSERT_TRUE(pipeline.becomes(160, 180, kRed));
  pipeline.stage().show({tile("a", kLeft, false, "Ada"), tile("b", kRight)});
  EXPECT_TRUE(eventually([&] { return !pipeline.is(160, 120, kRed); }));
  EXPECT_TRUE(pipeline.is(480, 180, kBlue));
  // The circle is lighter than the card, the letter in it lighter still.
  EXPECT_TRUE(
      eventually([&] { return pipeline.pixel(130, 180).y > pipeline.pixel(20, 110).y + 20; }));
  pipeline.stage().show({tile("a", kLeft, true, "Ada"), tile("b", kRight)});
  EXPECT_TRUE(pipeline.becomes(160, 180, kRed));
  EXPECT_EQ(pipeline.error(), "");
}

TEST_F(CompositeStageTest, WritesNamesAtTheBottomLeftOfTiles) {
  StagePipeline pipeline;
  pipeline.stage().show({tile("a", {0, 0, 640, 360}, true, "Ada Lovelace")});
  pipeline.add_video("a", kBlue);
  ASSERT_TRUE(pipeline.becomes(600, 60, kBlue));
  const auto brightest = [&] {
    int most = 0;
    for (int x = 0; x < 160; ++x)
      for (int y = 320; y < 360; ++y) most = std::max(most, pipeline.pixel(x, y).y);
    return most;
  };
  EXPECT_TRUE(eventually([&] { return brightest() > 180; }));
  pipeline.stage().set_names(false);
  EXPECT_TRUE(eventually([&] { return brightest() < 60; }));
}

TEST_F(CompositeStageTest, DoesNotWaitForATileThatStalls) {
  StagePipeline pipeline;
  pipeline.stage().show({tile("a", kLeft), tile("b", kRight)});
  pipeline.add_video("a", kRed);
  pipeline.add_video("b", kBlue);
  ASSERT_TRUE(pipeline.becomes(160, 180, kRed));
  ASSERT_TRUE(pipeline.becomes(480, 180, kBlue));
  pipeline.pause_video("a");
  EXPECT_TRUE(pipeline.goes_on());
  EXPECT_TRUE(pipeline.goes_on());
  EXPECT_TRUE(pipeline.is(480, 180, kBlue));
}

TEST_F(CompositeStageTest, GoesOnWhileTilesComeAndGo) {
  StagePipeline pipeline;
  pipeline.stage().show({tile("a", kLeft), tile("b", kRight)});
  pipeline.add_video("a", kRed);
  for (int i = 0; i < 12; ++i) {
    pipeline.add_video("b", kBlue);
    pipeline.add_audio("b", "0.5");
    std::this_thread::sleep_for(std::chrono::milliseconds(37 * (i % 4)));
    if (i % 3 == 0) pipeline.stage().show({tile("a", kLeft)});
    pipeline.remove_video("b");
    pipeline.remove_audio("b");
    pipeline.stage().show({tile("a", kLeft), tile("b", kRight)});
  }
  EXPECT_TRUE(pipeline.goes_on());
  EXPECT_TRUE(pipeline.becomes(160, 180, kRed));
  EXPECT_FALSE(pipeline.is(480, 180, kBlue));
  EXPECT_EQ(pipeline.error(), "");
  const auto pictures = pipeline.video().times();
  for (size_t i = 0; i < pictures.size(); ++i)
    ASSERT_NEAR(static_cast<double>(pictures[i]), static_cast<double>(i) * 1e9 / 30, 2) << i;
}

TEST_F(CompositeStageTest, MixesWhatIsHeard) {
  StagePipeline pipeline;
  pipeline.add_audio("a", "0.25");
  EXPECT_TRUE(eventually([&] { return std::abs(pipeline.loudness() - 0.25) < 0.02; }));
  // Another tone, as two of the same might cancel each other out.
  pipeline.add_audio("b", "0.25", "16000", "1000");
  EXPECT_TRUE(eventually([&] { return pipeline.loudness() > 0.3; }));
  pipeline.remove_audio("a");
  EXPECT_TRUE(eventually([&] { return std::abs(pipeline.loudness() - 0.25) < 0.02; }));
  pipeline.remove_audio("b");
  EXPECT_TRUE(eventually([&] { return pipeline.loudness() == 0; }));
  EXPECT_EQ(pipeline.error(), "");
}

TEST_F(CompositeStageTest, ChangesItsBackgroundWhileItRuns) {
  StagePipeline pipeline;
  pipeline.stage().set_background(kGreen);
  EXPECT_TRUE(pipeline.becomes(320, 180, kGreen));
  pipeline.stage().set_background(kRed);
  EXPECT_TRUE(pipeline.becomes(320, 180, kRed));
}

// A frame for each change would stay in the queue until it plays.
TEST_F(CompositeStageTest, TakesNothingButTheNewestBackgroundAlongFromAPause) {
  StagePipeline pipeline;
  ASSERT_TRUE(eventually([&] { return pipeline.video().count() > 2; }));
  pipeline.stage().pause();
  std::atomic<int> pushed = 0;
  const auto compositor = pipeline.find("compositor");
  const auto behind = Ref<GstPad>::adopt(gst_element_get_static_pad(compositor.get(), "sink_0"));
  count_buffers(behind.get(), pushed);
  for (const uint32_t colour : {kRed, kBlue, kRed, kGreen}) pipeline.stage().set_background(colour);
  EXPECT_EQ(pushed, 0);
  pipeline.stage().play();
  EXPECT_EQ(pushed, 1);
  EXPECT_TRUE(pipeline.becomes(320, 180, kGreen));
}

TEST_F(CompositeStageTest, EndsPictureAndSoundAtTheSameTime) {
  StagePipeline pipeline;
  pipeline.add_audio("a", "0.5");
  ASSERT_TRUE(eventually([&] { return pipeline.video().count() > 30; }));
  pipeline.stage().end();
  ASSERT_TRUE(pipeline.has_ended());
  const double pictures = static_cast<double>(pipeline.video().times().back()) / 1e9;
  const double sounds = static_cast<double>(pipeline.audio().times().back()) / 1e9;
  EXPECT_NEAR(pictures, sounds, 0.034);
  EXPECT_EQ(pipeline.error(), "");
}

TEST_F(CompositeStageTest, EndsInAPauseWithWhatWasBeforeIt) {
  StagePipeline pipeline;
  ASSERT_TRUE(eventually([&] { return pipeline.video().count() > 10; }));
  const GstClockTime paused_at = pipeline.pause();
  // The clock goes on meanwhile.
  std::this_thread::sleep_for(1s);
  pipeline.stage().end();
  pipeline.play();
  ASSERT_TRUE(pipeline.has_ended());
  EXPECT_LE(pipeline.video().times().back(), paused_at + 100 * GST_MSECOND);
  EXPECT_LE(pipeline.audio().times().back(), paused_at + 100 * GST_MSECOND);
}

}  // namespace
}  // namespace gstlk::client
