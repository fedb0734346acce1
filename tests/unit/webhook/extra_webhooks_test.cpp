// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/extra_webhooks.h"

#include <gtest/gtest.h>

#include "livekit_egress.pb.h"

namespace gstlk::webhook {
namespace {

TEST(ExtraWebhooks, AreThoseOfTheRequestOfWhateverKind) {
  using ::livekit::EgressInfo;
  const auto of = [](const auto& choose) {
    EgressInfo info;
    choose(info).add_webhooks()->set_url("http://extra/");
    const auto webhooks = extra_webhooks(info);
    return webhooks.size() == 1 ? webhooks[0].url() : "";
  };
  EXPECT_EQ(of([](EgressInfo & i) -> auto& { return *i.mutable_egress(); }), "http://extra/");
  EXPECT_EQ(of([](EgressInfo & i) -> auto& { return *i.mutable_replay(); }), "http://extra/");
  EXPECT_EQ(of([](EgressInfo & i) -> auto& { return *i.mutable_room_composite(); }),
            "http://extra/");
  EXPECT_EQ(of([](EgressInfo & i) -> auto& { return *i.mutable_web(); }), "http://extra/");
  EXPECT_EQ(of([](EgressInfo & i) -> auto& { return *i.mutable_participant(); }), "http://extra/");
  EXPECT_EQ(of([](EgressInfo & i) -> auto& { return *i.mutable_track_composite(); }),
            "http://extra/");
  EXPECT_EQ(of([](EgressInfo & i) -> auto& { return *i.mutable_track(); }), "http://extra/");
  EXPECT_TRUE(extra_webhooks(EgressInfo()).empty());
}

}  // namespace
}  // namespace gstlk::webhook
