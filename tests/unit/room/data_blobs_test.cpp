// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/data_blobs.h"

#include "room_fixture.h"

namespace gstlk::room {
namespace {

using Response = ::livekit::SignalResponse;
using Failure = ::livekit::RequestResponse;

Settings with_blobs() {
  Settings settings;
  settings.enable_participant_data_blob = true;
  settings.limits.max_data_blob_key_length = 8;
  settings.limits.max_data_blobs_size = 20;
  return settings;
}

struct DataBlobsTest : RoomFixture {
  DataBlobsTest() : RoomFixture(with_blobs()) {}

  static void store(Guest& guest, const std::string& key, const std::string& contents,
                    uint32_t id = 1) {
    ::livekit::StoreDataBlobRequest request;
    request.set_request_id(id);
    if (!key.empty()) request.mutable_blob()->mutable_key()->set_generic(key);
    request.mutable_blob()->set_contents(contents);
    guest->data_blobs().handle_store(request);
  }
  static void get(Guest& guest, const std::string& identity, const std::string& key) {
    ::livekit::GetDataBlobRequest request;
    request.set_request_id(7);
    request.set_participant_identity(identity);
    request.mutable_key()->set_generic(key);
    guest->data_blobs().handle_get(request);
  }
  static Failure::Reason failure(Guest& guest) {
    return guest.link->last(Response::kRequestResponse).request_response().reason();
  }
};

TEST_F(DataBlobsTest, OthersLookUpWhatAParticipantHasStored) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  store(alice, "colour", "blue", 3);
  const auto stored = alice.link->last(Response::kStoreDataBlobResponse);
  EXPECT_EQ(stored.store_data_blob_response().request_id(), 3u);
  EXPECT_EQ(stored.store_data_blob_response().key().generic(), "colour");
  get(bob, "alice", "colour");
  const auto found = bob.link->last(Response::kGetDataBlobResponse).get_data_blob_response();
  EXPECT_EQ(found.request_id(), 7u);
  EXPECT_EQ(found.blob().contents(), "blue");
}

TEST_F(DataBlobsTest, WhatIsNotThereIsNotFound) {
  Guest alice = join("alice");
  store(alice, "colour", "blue");
  get(alice, "alice", "size");
  EXPECT_EQ(failure(alice), Failure::NOT_FOUND);
  get(alice, "nobody", "colour");
  EXPECT_EQ(failure(alice), Failure::NOT_FOUND);
  alice->data_blobs().handle_get({});
  EXPECT_EQ(failure(alice), Failure::INVALID_REQUEST);
}

TEST_F(DataBlobsTest, AKeyAndContentsAreNeeded) {
  Guest alice = join("alice");
  store(alice, "", "blue");
  EXPECT_EQ(failure(alice), Failure::INVALID_REQUEST);
  store(alice, "far too long", "blue");
  EXPECT_EQ(failure(alice), Failure::INVALID_REQUEST);
  store(alice, "colour", "");
  EXPECT_EQ(failure(alice), Failure::INVALID_REQUEST);
  EXPECT_EQ(alice.link->all(Response::kStoreDataBlobResponse).size(), 0u);
}

TEST_F(DataBlobsTest, TheLimitIsForAllTogetherAndWhatIsReplacedCounts) {
  Guest alice = join("alice");
  store(alice, "a", "123456789");
  store(alice, "b", "123456789");
  EXPECT_EQ(alice.link->all(Response::kStoreDataBlobResponse).size(), 2u);
  store(alice, "c", "1");
  EXPECT_EQ(failure(alice), Failure::LIMIT_EXCEEDED);
  store(alice, "b", "987654321");
  EXPECT_EQ(failure(alice), Failure::LIMIT_EXCEEDED);
  EXPECT_EQ(alice.link->all(Response::kStoreDataBlobResponse).size(), 2u);
  get(alice, "alice", "b");
  EXPECT_EQ(
      alice.link->last(Response::kGetDataBlobResponse).get_data_blob_response().blob().contents(),
      "123456789");
}

TEST_F(DataBlobsTest, AReplacementTakesThePlaceOfTheFormer) {
  Guest alice = join("alice");
  for (int i = 0; i < 20; ++i) store(alice, "a", i % 2 ? "odd" : "even");
  EXPECT_EQ(alice.link->all(Response::kStoreDataBlobResponse).size(), 20u);
  get(alice, "alice", "a");
  EXPECT_EQ(
      alice.link->last(Response::kGetDataBlobResponse).get_data_blob_response().blob().contents(),
      "odd");
}

TEST_F(DataBlobsTest, ASchemasOwnEncodingNeedsAName) {
  Guest alice = join("alice");
  ::livekit::StoreDataBlobRequest request;
  auto& schema = *request.mutable_blob()->mutable_key()->mutable_schema_id();
  schema.set_name("pose");
  schema.mutable_encoding()->set_custom("");
  request.mutable_blob()->set_contents("{}");
  alice->data_blobs().handle_store(request);
  EXPECT_EQ(failure(alice), Failure::INVALID_REQUEST);
  schema.mutable_encoding()->set_custom("cbor");
  alice->data_blobs().handle_store(request);
  EXPECT_EQ(alice.link->all(Response::kStoreDataBlobResponse).size(), 1u);
}

struct NoDataBlobsTest : RoomFixture {};

TEST_F(NoDataBlobsTest, OffTheyAreRefused) {
  Guest alice = join("alice");
  DataBlobsTest::store(alice, "colour", "blue");
  EXPECT_EQ(DataBlobsTest::failure(alice), Failure::NOT_ALLOWED);
}

}  // namespace
}  // namespace gstlk::room
