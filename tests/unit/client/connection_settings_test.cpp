// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/connection_settings.h"

#include <gtest/gtest.h>

namespace gstlk::client {
namespace {

const livekit::UnixTime kNow{std::chrono::seconds(1'800'000'000)};

ConnectionSettings with_key() {
  ConnectionSettings settings;
  settings.api_key = "devkey";
  settings.secret_key = "secret";
  settings.room_name = "room";
  settings.identity = "kiosk";
  return settings;
}

TEST(ConnectionSettings, MakesATokenThatTheServerTakes) {
  ConnectionSettings settings = with_key();
  settings.participant_name = "Kiosk";
  const auto token = make_token(settings, kNow);
  ASSERT_TRUE(token);
  const auto claims = livekit::verify_token(*token, {{"devkey", "secret"}}, kNow);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->grants.identity, "kiosk");
  EXPECT_EQ(claims->grants.name, "Kiosk");
  EXPECT_EQ(claims->grants.video->room, "room");
  EXPECT_TRUE(claims->grants.video->room_join);
  EXPECT_FALSE(claims->grants.video->hidden);
}

TEST(ConnectionSettings, PrefersTheTokenItWasGiven) {
  ConnectionSettings settings = with_key();
  settings.auth_token = "given";
  EXPECT_EQ(*make_token(settings, kNow), "given");
}

TEST(ConnectionSettings, NamesThePropertyThatIsMissing) {
  ConnectionSettings settings = with_key();
  settings.identity.clear();
  EXPECT_EQ(make_token(settings, kNow).error().message, "set identity, or auth-token");
  settings.room_name.clear();
  EXPECT_EQ(make_token(settings, kNow).error().message, "set room-name, or auth-token");
  settings.api_key.clear();
  EXPECT_EQ(make_token(settings, kNow).error().message,
            "set auth-token, or api-key and secret-key with room-name and identity");
}

TEST(ConnectionSettings, ReadsAUri) {
  ConnectionSettings settings;
  ASSERT_TRUE(apply_uri("livekit://host:7880/living%20room?identity=a%26b&key=k&secret=s&name=A",
                        settings));
  EXPECT_EQ(settings.ws_url, "ws://host:7880");
  EXPECT_EQ(settings.room_name, "living room");
  EXPECT_EQ(settings.identity, "a&b");
  EXPECT_EQ(settings.participant_name, "A");
  EXPECT_EQ(settings.api_key, "k");
  EXPECT_EQ(settings.secret_key, "s");
  ASSERT_TRUE(apply_uri("livekits://[::1]/r?token=t", settings));
  EXPECT_EQ(settings.ws_url, "wss://[::1]");
  EXPECT_EQ(settings.auth_token, "t");
}

TEST(ConnectionSettings, SaysWhatIsWrongWithAUri) {
  ConnectionSettings settings;
  EXPECT_FALSE(apply_uri("http://host/room", settings));
  EXPECT_FALSE(apply_uri("livekit:///room", settings));
  EXPECT_FALSE(apply_uri("livekit://host", settings));
  const auto unknown = apply_uri("livekit://host/room?colour=red", settings);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("colour"), std::string::npos);
}

TEST(ConnectionSettings, SaysNoSecretsInWhatIsWrong) {
  ConnectionSettings settings;
  for (const char* uri :
       {"http://host/room?token=hidden", "livekit://host?token=hidden", "livekit:///r?token=hidden",
        "livekit://me:hidden@host:port/r", "livekit://host/%zz?secret=hidden"}) {
    const auto applied = apply_uri(uri, settings);
    ASSERT_FALSE(applied) << uri;
    EXPECT_EQ(applied.error().message.find("hidden"), std::string::npos) << applied.error().message;
  }
  const auto url = signal_url("ftp://me:hidden@host/path?token=hidden", "rtc");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("hidden"), std::string::npos) << url.error().message;
}

TEST(ConnectionSettings, ShowsOfAUrlWhereItLeads) {
  EXPECT_EQ(shown_url("wss://me:secret@host:443/path?token=t"), "wss://host:443");
  EXPECT_EQ(shown_url("ws://[::1]:7880"), "ws://[::1]:7880");
  EXPECT_EQ(shown_url("host:7880?token=t"), "host:7880");
  EXPECT_EQ(shown_url("host?token=t&to=ws://there"), "host");
  EXPECT_EQ(shown_url(""), "");
}

TEST(ConnectionSettings, PrintsAUriWithoutItsSecrets) {
  ConnectionSettings settings = with_key();
  settings.auth_token = "token";
  settings.ws_url = "wss://host:443";
  EXPECT_EQ(to_uri(settings), "livekits://host:443/room?identity=kiosk");
}

TEST(ConnectionSettings, MakesTheUrlOfTheSignalConnection) {
  EXPECT_EQ(*signal_url("ws://host:7880", "rtc"), "http://host:7880/rtc");
  EXPECT_EQ(*signal_url("wss://host/", "rtc"), "https://host/rtc");
  EXPECT_EQ(*signal_url("https://host/lk/", "rtc/validate"), "https://host/lk/rtc/validate");
  EXPECT_EQ(*signal_url("ws://[::1]:7880", "rtc"), "http://[::1]:7880/rtc");
  EXPECT_EQ(*signal_url("livekit://host/room", "rtc"), "http://host/rtc");
  EXPECT_FALSE(signal_url("host:7880", "rtc"));
  EXPECT_FALSE(signal_url("ftp://host", "rtc"));
  EXPECT_FALSE(signal_url("", "rtc"));
}

}  // namespace
}  // namespace gstlk::client
