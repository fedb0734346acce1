// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/join_parameters.h"

#include <gio/gio.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/ref.h"
#include "livekit/base64.h"

namespace gstlk::signal {
namespace {

using Client = ::livekit::ClientInfo;

std::string gzip(std::string_view plain) {
  const auto packer =
      Ref<GZlibCompressor>::adopt(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
  std::string packed;
  char chunk[4096];
  while (true) {
    gsize read = 0;
    gsize written = 0;
    const auto state =
        g_converter_convert(G_CONVERTER(packer.get()), plain.data(), plain.size(), chunk,
                            sizeof chunk, G_CONVERTER_INPUT_AT_END, &read, &written, nullptr);
    plain.remove_prefix(read);
    packed.append(chunk, written);
    if (state == G_CONVERTER_FINISHED) return packed;
  }
}

std::string wrap(const ::livekit::JoinRequest& request, bool compressed) {
  ::livekit::WrappedJoinRequest wrapped;
  std::string bytes = request.SerializeAsString();
  if (compressed) {
    wrapped.set_compression(::livekit::WrappedJoinRequest::GZIP);
    bytes = gzip(bytes);
  }
  wrapped.set_join_request(bytes);
  return livekit::encode_base64(as_bytes(wrapped.SerializeAsString()));
}

auto parse(SignalPath path, const Query& query, std::string_view user_agent = "") {
  return parse_join_parameters(path, query, user_agent, "192.0.2.7");
}

std::string fault(const std::string& join_request) {
  const auto parsed = parse(SignalPath::V1, {{"join_request", join_request}});
  return parsed ? "" : std::to_string(parsed.error().status) + " " + parsed.error().text;
}

TEST(JoinParameters, ReadsTheQueryOfTheGoSdk) {
  // "version=2.18.2&protocol=17&&auto_subscribe=0&sdk=go&os=linux", with its empty pair.
  const auto parsed = parse(SignalPath::V0, {{"version", "2.18.2"},
                                             {"protocol", "17"},
                                             {"", ""},
                                             {"auto_subscribe", "0"},
                                             {"sdk", "go"},
                                             {"os", "linux"}});
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->single_peer_connection);
  EXPECT_FALSE(parsed->auto_subscribe);
  EXPECT_EQ(parsed->client.sdk(), Client::GO);
  EXPECT_EQ(parsed->client.protocol(), 17);
  EXPECT_EQ(parsed->client.os(), "linux");
  EXPECT_EQ(parsed->client.address(), "192.0.2.7");
}

TEST(JoinParameters, TheQuerySubscribesToMediaUnlessToldNotTo) {
  const auto parsed = parse(SignalPath::V0, {});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->auto_subscribe);
  EXPECT_FALSE(parsed->auto_subscribe_data_track);
  EXPECT_FALSE(parsed->adaptive_stream);
  EXPECT_FALSE(parsed->reconnect);
  EXPECT_EQ(parsed->client.protocol(), 0);
}

TEST(JoinParameters, ReadsAResume) {
  const auto parsed =
      parse(SignalPath::V0, {{"reconnect", "1"}, {"sid", "PA_x"}, {"reconnect_reason", "1"}});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->reconnect);
  EXPECT_EQ(parsed->participant_sid, "PA_x");
  EXPECT_EQ(parsed->reconnect_reason, ::livekit::RR_SIGNAL_DISCONNECTED);
}

TEST(JoinParameters, ReadsAttributesOfTheQuery) {
  const std::string encoded = livekit::encode_base64url(as_bytes(R"({"role":"cook","n":1})"));
  const auto parsed = parse(SignalPath::V0, {{"attributes", encoded}});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->attributes.at("role"), "cook");
  EXPECT_FALSE(parsed->attributes_unreadable);
}

TEST(JoinParameters, AttributesThatCannotBeReadAreLeftOut) {
  std::string nested = R"({"a":)";
  for (int i = 0; i < 100'000; ++i) nested += '[';
  for (const std::string& text :
       {std::string("%%"), livekit::encode_base64url(as_bytes(std::string_view(nested)))}) {
    const auto parsed = parse(SignalPath::V0, {{"attributes", text}});
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->attributes_unreadable);
    EXPECT_TRUE(parsed->attributes.empty());
  }
}

TEST(JoinParameters, CapabilitiesAreKeptOnceEach) {
  ::livekit::JoinRequest request;
  for (int i = 0; i < 1000; ++i) {
    request.mutable_client_info()->add_capabilities(Client::CAP_PACKET_TRAILER);
    request.mutable_client_info()->add_capabilities(static_cast<Client::Capability>(i));
  }
  const auto parsed = parse(SignalPath::V1, {{"join_request", wrap(request, true)}});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->client.capabilities_size(), 32);
  EXPECT_EQ(std::ranges::count(parsed->client.capabilities(), Client::CAP_PACKET_TRAILER), 1);
}

TEST(JoinParameters, BrowsersAreKnownByTheirUserAgent) {
  const auto parsed = parse(SignalPath::V0, {{"sdk", "js"}},
                            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
                            "Firefox/140.0");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->client.browser(), "Firefox");
  EXPECT_EQ(parsed->client.browser_version(), "140.0");
  EXPECT_EQ(parsed->client.os(), "Linux");
}

TEST(JoinParameters, ReadsAJoinRequestCompressedOrNot) {
  ::livekit::JoinRequest request;
  request.mutable_client_info()->set_sdk(Client::RUST);
  request.mutable_connection_settings()->set_auto_subscribe(true);
  request.mutable_publisher_offer()->set_sdp("v=0");
  request.add_add_track_requests()->set_cid("mic");
  for (const bool compressed : {false, true}) {
    const auto parsed = parse(SignalPath::V1, {{"join_request", wrap(request, compressed)}});
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->single_peer_connection);
    EXPECT_TRUE(parsed->auto_subscribe);
    EXPECT_EQ(parsed->client.sdk(), Client::RUST);
    EXPECT_EQ(parsed->publisher_offer->sdp(), "v=0");
    EXPECT_EQ(parsed->add_track_requests.size(), 1u);
  }
}

TEST(JoinParameters, WhatAJoinRequestLeavesOutIsFalse) {
  const auto parsed = parse(SignalPath::V1, {{"join_request", wrap({}, true)}});
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->auto_subscribe);
  EXPECT_FALSE(parsed->publisher_offer);
  EXPECT_FALSE(parsed->subscriber_allow_pause);  // the configuration says it
}

TEST(JoinParameters, AJoinRequestOnTheOldPathIsASinglePeerConnectionToo) {
  ::livekit::JoinRequest request;
  request.mutable_connection_settings()->set_auto_subscribe(true);
  const auto parsed = parse(SignalPath::V0, {{"join_request", wrap(request, false)}});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->single_peer_connection);
}

TEST(JoinParameters, ErrorsNameTheStepThatFailed) {
  EXPECT_EQ(fault(""), "400 join_request is required");
  EXPECT_EQ(fault("!!!!"), "400 cannot base64 decode wrapped join request");
  EXPECT_EQ(fault("/////w=="), "400 cannot unmarshal wrapped join request");
  ::livekit::WrappedJoinRequest wrapped;
  wrapped.set_compression(::livekit::WrappedJoinRequest::GZIP);
  wrapped.set_join_request("no gzip");
  EXPECT_EQ(fault(livekit::encode_base64(as_bytes(wrapped.SerializeAsString()))),
            "400 cannot decompress join request");
  wrapped.set_compression(::livekit::WrappedJoinRequest::NONE);
  wrapped.set_join_request("\xff");
  EXPECT_EQ(fault(livekit::encode_base64(as_bytes(wrapped.SerializeAsString()))),
            "400 cannot unmarshal join request");
}

TEST(JoinParameters, WhatUnpacksToTooMuchIsRefused) {
  ::livekit::JoinRequest request;
  request.set_metadata(std::string(kMaxJoinRequestSize, 'x'));
  EXPECT_EQ(fault(wrap(request, true)), "400 join request too large");
}

}  // namespace
}  // namespace gstlk::signal
