// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/access_token.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "livekit/base64.h"

namespace gstlk::livekit {
namespace {

constexpr UnixTime kNow{std::chrono::seconds(1'700'000'000)};
const ApiKeys kKeys{{"APIone", "a secret that nobody knows"}, {"APItwo", "another one"}};

Claims join_claims() {
  Claims claims;
  claims.issuer = "APIone";
  claims.expires_at = kNow + 10min;
  claims.grants.identity = "alice";
  claims.grants.video.emplace();
  claims.grants.video->room_join = true;
  claims.grants.video->room = "kitchen";
  return claims;
}

std::string token_of(const Claims& claims) { return sign_token(claims, kKeys.at(claims.issuer)); }

std::string token_of_json(std::string_view header, std::string_view payload) {
  // The signature of a token that sign_token() made does not fit, so this is for what is refused
  // before the signature is looked at.
  return encode_base64url(as_bytes(header)) + "." + encode_base64url(as_bytes(payload)) + ".AAAA";
}

std::string refusal(std::string_view token, UnixTime now = kNow) {
  const auto result = verify_token(token, kKeys, now);
  return result ? "accepted" : result.error().message;
}

TEST(AccessToken, WhatIsSignedIsAccepted) {
  const auto claims = verify_token(token_of(join_claims()), kKeys, kNow);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->issuer, "APIone");
  EXPECT_EQ(claims->grants.identity, "alice");
  EXPECT_EQ(claims->expires_at, kNow + 10min);
  ASSERT_TRUE(claims->grants.video);
  EXPECT_TRUE(claims->grants.video->room_join);
  EXPECT_EQ(claims->grants.video->room, "kitchen");
  EXPECT_FALSE(claims->grants.video->room_admin);
}

TEST(AccessToken, AcceptsATokenOfAnotherImplementation) {
  // Made with the hmac of Python from {"iss": "APItwo", "sub": "bob", "exp": 1700000100, "video":
  // {"room": "r", "roomJoin": true}}.
  const char* token =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      "eyJpc3MiOiJBUEl0d28iLCJzdWIiOiJib2IiLCJleHAiOjE3MDAwMDAxMDAsInZpZGVvIjp7InJvb20iOiJyIiwicm9v"
      "bUpvaW4iOnRydWV9fQ."
      "aSB7HjFuiGvg1nc2MFTfgA71ho0Ct7UCfjtlC_H9F8k";
  const auto claims = verify_token(token, kKeys, kNow);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->grants.identity, "bob");
}

TEST(AccessToken, EveryGrantSurvives) {
  Claims claims = join_claims();
  Grants& grants = claims.grants;
  grants.name = "Alice \"A\" \xc3\xa9";
  grants.metadata = "{}";
  grants.attributes = {{"mood", "good"}, {"", "empty"}};
  grants.kind = "agent";
  grants.kind_details = {"CLOUD_AGENT"};
  grants.sha256 = "abc=";
  grants.room_preset = "big";
  grants.room_config = R"({"emptyTimeout":30})";
  grants.sip = SipGrant{.admin = true, .call = true};
  VideoGrant& video = *grants.video;
  video.hidden = video.recorder = video.agent = video.ingress_admin = true;
  video.room_create = video.room_list = video.room_record = video.room_admin = true;
  video.can_publish = false;
  video.can_subscribe = false;
  video.can_publish_data = true;
  video.can_update_own_metadata = true;
  video.can_publish_sources = {"camera", "microphone"};
  video.destination_room = "hall";

  const auto result = verify_token(token_of(claims), kKeys, kNow);
  ASSERT_TRUE(result);
  const Grants& read = result->grants;
  EXPECT_EQ(read.name, grants.name);
  EXPECT_EQ(read.metadata, "{}");
  EXPECT_EQ(read.attributes, grants.attributes);
  EXPECT_EQ(read.kind, "agent");
  EXPECT_EQ(read.kind_details, grants.kind_details);
  EXPECT_EQ(read.sha256, "abc=");
  EXPECT_EQ(read.room_preset, "big");
  EXPECT_EQ(read.room_config, grants.room_config);
  ASSERT_TRUE(read.sip);
  EXPECT_TRUE(read.sip->admin && read.sip->call);
  EXPECT_TRUE(read.video->hidden && read.video->recorder && read.video->agent);
  EXPECT_TRUE(read.video->room_create && read.video->room_list && read.video->room_record);
  EXPECT_TRUE(read.video->room_admin && read.video->ingress_admin);
  EXPECT_FALSE(read.video->may_publish());
  EXPECT_FALSE(read.video->may_subscribe());
  EXPECT_TRUE(read.video->may_publish_data());
  EXPECT_TRUE(read.video->may_update_own_metadata());
  EXPECT_EQ(read.video->can_publish_sources, video.can_publish_sources);
  EXPECT_EQ(read.video->destination_room, "hall");
}

TEST(AccessToken, AbsentPermissionsHaveLiveKitsDefaults) {
  VideoGrant video;
  EXPECT_TRUE(video.may_publish());
  EXPECT_TRUE(video.may_subscribe());
  EXPECT_TRUE(video.may_publish_data());
  EXPECT_FALSE(video.may_update_own_metadata());
  EXPECT_FALSE(video.may_subscribe_metrics());
  video.can_publish = false;
  EXPECT_FALSE(video.may_publish_data());
}

TEST(AccessToken, SourcesLimitWhatMayBePublished) {
  VideoGrant video;
  EXPECT_TRUE(video.may_publish_source("screen_share"));
  video.can_publish_sources = {"camera"};
  EXPECT_TRUE(video.may_publish_source("camera"));
  EXPECT_FALSE(video.may_publish_source("screen_share"));
  video.can_publish = false;
  EXPECT_FALSE(video.may_publish_source("camera"));
}

TEST(AccessToken, AdministersOnlyItsOwnRoom) {
  VideoGrant video;
  video.room = "kitchen";
  EXPECT_FALSE(video.may_administer("kitchen"));
  video.room_admin = true;
  EXPECT_TRUE(video.may_administer("kitchen"));
  EXPECT_FALSE(video.may_administer("hall"));
}

TEST(AccessToken, UnknownIssuerIsNamedAsSuch) {
  Claims claims = join_claims();
  claims.issuer = "APInone";
  const auto result = verify_token(sign_token(claims, "x"), kKeys, kNow);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, TokenFault::UnknownKey);
  EXPECT_EQ(result.error().message, "invalid API key");
}

TEST(AccessToken, RefusesTheSecretOfAnotherKey) {
  EXPECT_EQ(refusal(sign_token(join_claims(), kKeys.at("APItwo"))),
            "invalid authorization token: wrong signature");
}

TEST(AccessToken, RefusesAnyChangedByte) {
  const std::string token = token_of(join_claims());
  for (size_t i = 0; i < token.size(); i += 7) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(refusal(changed), "accepted") << i;
  }
}

TEST(AccessToken, RefusesOtherAlgorithms) {
  const char* payload = R"({"iss":"APIone","sub":"a","exp":1700000100})";
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"None","typ":"JWT"})", R"({"alg":"HS512"})",
        R"({"alg":"RS256"})", R"({"typ":"JWT"})", R"({"alg":5})", R"([])", "x"}) {
    EXPECT_EQ(refusal(token_of_json(header, payload)),
              "invalid authorization token: not signed with HS256")
        << header;
  }
}

TEST(AccessToken, RefusesWhatIsNoToken) {
  for (const char* token : {"", ".", "..", "...", "a.b", "abc", "eyJhbGciOiJIUzI1NiJ9.!.x"}) {
    EXPECT_NE(refusal(token), "accepted") << token;
  }
  EXPECT_NE(refusal(std::string(100'000, 'a')), "accepted");
}

TEST(AccessToken, RefusesDeepNestingWithoutRecursing) {
  EXPECT_EQ(refusal(token_of_json(R"({"alg":"HS256"})", std::string(40'000, '['))),
            "invalid authorization token: not a JWT");
  const std::string hidden = "{/*\"*/\"a\":" + std::string(30'000, '[');
  EXPECT_EQ(refusal(token_of_json(R"({"alg":"HS256"})", hidden)),
            "invalid authorization token: not a JWT");
}

TEST(AccessToken, ExpiryAllowsAMinute) {
  const std::string token = token_of(join_claims());
  EXPECT_EQ(refusal(token, kNow + 11min), "accepted");
  EXPECT_EQ(refusal(token, kNow + 11min + 1s), "invalid authorization token: token is expired");
}

TEST(AccessToken, NotBeforeAllowsAMinute) {
  Claims claims = join_claims();
  claims.not_before = kNow;
  const std::string token = token_of(claims);
  EXPECT_EQ(refusal(token, kNow - 60s), "accepted");
  EXPECT_EQ(refusal(token, kNow - 61s), "invalid authorization token: token is not valid yet");
}

TEST(AccessToken, ExpiryIsRequired) {
  EXPECT_EQ(refusal(token_of_json(R"({"alg":"HS256"})", R"({"iss":"APIone","sub":"a"})")),
            "invalid authorization token: a claim is missing or has the wrong type");
}

TEST(AccessToken, RefusesClaimsOfTheWrongType) {
  for (const char* claim : {R"("sub":5)", R"("video":[])", R"("video":{"roomJoin":"yes"})",
                            R"("exp":-1)", R"("exp":1e300)", R"("attributes":{"a":1})"}) {
    const std::string payload = R"({"iss":"APIone","exp":1700000100,)" + std::string(claim) + "}";
    EXPECT_EQ(refusal(token_of_json(R"({"alg":"HS256"})", payload)),
              "invalid authorization token: a claim is missing or has the wrong type")
        << claim;
  }
}

TEST(Base64, ReadsBothAlphabetsWithAndWithoutPadding) {
  const Bytes bytes{0xfb, 0xff, 0xfe, 0x01};
  EXPECT_EQ(encode_base64(bytes), "+//+AQ==");
  EXPECT_EQ(encode_base64url(bytes), "-__-AQ");
  for (const char* text : {"+//+AQ==", "+//+AQ", "-__-AQ==", "-__-AQ", "-__-AQ="}) {
    EXPECT_EQ(decode_base64(text), bytes) << text;
  }
  EXPECT_EQ(decode_base64(""), Bytes{});
}

TEST(Base64, RefusesOtherCharactersAndLengths) {
  for (const char* text : {"a", "abcde", "ab c", "ab\n=", "a===", "=abc"}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

}  // namespace
}  // namespace gstlk::livekit
