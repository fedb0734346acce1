// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/output_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace gstlk::client {
namespace {

using Pushed = OutputQueue::Pushed;

class OutputQueueTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  // Ten bytes; `name` is one letter, and that of a keyframe is a capital.
  Pushed push(char name) {
    auto buffer = Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, 10, nullptr));
    GST_BUFFER_OFFSET(buffer.get()) = static_cast<guint64>(name);
    if (g_ascii_islower(name)) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    return queue_->push(std::move(buffer), now_);
  }
  void push_event(GstEvent* event) { queue_->push(Ref<GstEvent>::adopt(event), now_); }
  // The names of what comes out, "." for an event.
  std::string take(size_t most = 100) {
    std::string names;
    while (names.size() < most) {
      const auto item = queue_->pop();
      if (!item) break;
      const auto* buffer = std::get_if<Ref<GstBuffer>>(&*item);
      names += buffer ? static_cast<char>(GST_BUFFER_OFFSET(buffer->get())) : '.';
    }
    return names;
  }
  void use(OutputQueue::Loss loss) {
    queue_.emplace(loss, OutputQueue::Limits{.time = 1s, .bytes = 30});
  }

  std::optional<OutputQueue> queue_;
  Timestamp now_{};
};

TEST_F(OutputQueueTest, GivesWhatCameInItsOrder) {
  use(OutputQueue::Loss::UpToKeyframe);
  push('A');
  push_event(gst_event_new_gap(0, 1));
  push('b');
  EXPECT_EQ(take(), "A.b");
  EXPECT_EQ(take(), "");
  EXPECT_EQ(queue_->lost(), 0u);
}

TEST_F(OutputQueueTest, LosesTheOldestSoundWhenThereIsTooMuch) {
  use(OutputQueue::Loss::Oldest);
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) EXPECT_EQ(push(name), Pushed::Taken);
  EXPECT_EQ(queue_->lost(), 2u);
  EXPECT_EQ(take(), "cde");
}

TEST_F(OutputQueueTest, LosesTheOldestSoundWhenItIsTooOld) {
  use(OutputQueue::Loss::Oldest);
  push('a');
  now_ += 600ms;
  push('b');
  now_ += 600ms;
  push('c');
  EXPECT_EQ(take(), "bc");
}

TEST_F(OutputQueueTest, LosesPicturesUpToAKeyframeAndAsksForOneWhenThereIsRoom) {
  use(OutputQueue::Loss::UpToKeyframe);
  push('A');
  push('b');
  push('c');
  EXPECT_EQ(push('d'), Pushed::Lost);
  EXPECT_EQ(push('E'), Pushed::Lost) << "it does not fit either";
  EXPECT_EQ(take(2), "Ab");
  EXPECT_EQ(push('f'), Pushed::WantsKeyframe);
  EXPECT_EQ(push('g'), Pushed::Lost) << "it has asked";
  now_ += 999ms;
  EXPECT_EQ(push('h'), Pushed::Lost);
  now_ += 1ms;
  EXPECT_EQ(push('i'), Pushed::WantsKeyframe);
  EXPECT_EQ(push('J'), Pushed::Taken);
  EXPECT_EQ(push('k'), Pushed::Taken);
  EXPECT_EQ(take(), "cJk");
  EXPECT_EQ(queue_->lost(), 6u);
}

TEST_F(OutputQueueTest, LosesPicturesBehindOneThatIsTooOld) {
  use(OutputQueue::Loss::UpToKeyframe);
  push('A');
  now_ += 1001ms;
  EXPECT_EQ(push('b'), Pushed::Lost);
  EXPECT_EQ(take(), "A");
  EXPECT_EQ(push('c'), Pushed::WantsKeyframe);
}

TEST_F(OutputQueueTest, TakesOneThatIsLargerThanAll) {
  use(OutputQueue::Loss::UpToKeyframe);
  auto large = Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, 100, nullptr));
  EXPECT_EQ(queue_->push(std::move(large), now_), Pushed::Taken);
  EXPECT_EQ(push('B'), Pushed::Lost);
}

TEST_F(OutputQueueTest, KeepsWhatIsStickyAndBoundsTheRest) {
  for (const auto loss : {OutputQueue::Loss::Oldest, OutputQueue::Loss::UpToKeyframe}) {
    use(loss);
    push('A');
    now_ += 2s;
    for (int i = 0; i < 10; ++i) push_event(gst_event_new_gap(0, 1));
    push_event(gst_event_new_eos());
    EXPECT_EQ(take(), "A.");
  }
}

}  // namespace
}  // namespace gstlk::client
