// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/dependency_descriptor.h"

#include <gtest/gtest.h>

#include "support/dependency_descriptor.h"

namespace gstlk::rtp {
namespace {

using test::DescriptorBuilder;

DescriptorBuilder keyframe(uint16_t number) {
  return {.frame_number = number, .with_structure = true, .width = 640, .height = 360};
}

TEST(DependencyDescriptor, CannotBeReadBeforeAStructureCame) {
  DependencyDescriptorParser parser;
  EXPECT_FALSE(parser.parse(DescriptorBuilder{.frame_number = 1}.bytes()));
}

TEST(DependencyDescriptor, TellsTheLayersOfTheDecodeTargets) {
  DependencyDescriptorParser parser;
  const auto frame = parser.parse(keyframe(7).bytes());
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->has_structure);
  EXPECT_EQ(frame->frame_number, 7);
  EXPECT_EQ(frame->structure_frame, 7);
  EXPECT_EQ(frame->target_count, 4);
  EXPECT_EQ(frame->chain_count, 2);
  EXPECT_EQ(frame->active_targets, 0xfu);
  EXPECT_EQ(frame->width, 640);
  EXPECT_EQ(frame->height, 360);
  for (size_t target = 0; target < 4; ++target) {
    EXPECT_EQ(frame->target_spatial[target], target / 2);
    EXPECT_EQ(frame->target_temporal[target], target % 2);
    EXPECT_EQ(frame->target_chain[target], target / 2);
  }
}

TEST(DependencyDescriptor, ReadsWhatAFrameSaysOfItself) {
  DependencyDescriptorParser parser;
  parser.parse(keyframe(7).bytes());
  const auto frame = parser.parse(DescriptorBuilder{
      .frame_number = 10,
      .spatial = 1,
      .temporal = 1,
      .last = false,
      .references = {2, 300 - 100},
      .chain_diffs = {3, 2}}.bytes());
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->spatial, 1);
  EXPECT_EQ(frame->temporal, 1);
  EXPECT_TRUE(frame->first_packet_in_frame);
  EXPECT_FALSE(frame->last_packet_in_frame);
  EXPECT_EQ(frame->structure_frame, 7);
  ASSERT_EQ(frame->frame_diff_count, 2);
  EXPECT_EQ(frame->frame_diffs[0], 2);
  EXPECT_EQ(frame->frame_diffs[1], 200);
  EXPECT_EQ(frame->chain_diffs[0], 3);
  EXPECT_EQ(frame->chain_diffs[1], 2);
  EXPECT_EQ(frame->indication(2), DecodeTargetIndication::NotPresent);
  EXPECT_EQ(frame->indication(3), DecodeTargetIndication::Required);
}

TEST(DependencyDescriptor, TakesFromTheTemplateWhatAFrameDoesNotSay) {
  DependencyDescriptorParser parser;
  parser.parse(keyframe(7).bytes());
  const auto frame = parser.parse(Bytes{0xc0 | (5 + 2), 0, 8});  // layer {1, 0}, no more fields
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->spatial, 1);
  EXPECT_EQ(frame->temporal, 0);
  ASSERT_EQ(frame->frame_diff_count, 1);
  EXPECT_EQ(frame->frame_diffs[0], 3);
  EXPECT_EQ(frame->chain_diffs[1], 1);
}

TEST(DependencyDescriptor, KeepsTheActiveTargetsUntilTheyChange) {
  DependencyDescriptorParser parser;
  parser.parse(keyframe(7).bytes());
  parser.parse(DescriptorBuilder{.frame_number = 8, .active_targets = 0x3}.bytes());
  const auto frame = parser.parse(DescriptorBuilder{.frame_number = 9}.bytes());
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->active_targets, 0x3u);
  EXPECT_FALSE(frame->has_active_targets);
}

TEST(DependencyDescriptor, UnwrapsFrameNumbers) {
  DependencyDescriptorParser parser;
  parser.parse(keyframe(65535).bytes());
  EXPECT_EQ(parser.parse(DescriptorBuilder{.frame_number = 1}.bytes())->frame_number, 65537);
}

TEST(DependencyDescriptor, RefusesFramesFromBeforeTheStructure) {
  DependencyDescriptorParser parser;
  parser.parse(keyframe(100).bytes());
  EXPECT_FALSE(parser.parse(DescriptorBuilder{.frame_number = 99}.bytes()));
  EXPECT_FALSE(parser.parse(keyframe(98).bytes()));
  EXPECT_TRUE(parser.parse(DescriptorBuilder{.frame_number = 101}.bytes()));
}

TEST(DependencyDescriptor, RefusesUnknownTemplatesAndWhatIsCutOff) {
  DependencyDescriptorParser parser;
  const Bytes whole = keyframe(7).bytes();
  for (size_t size = 0; size + 1 < whole.size(); ++size)
    EXPECT_FALSE(DependencyDescriptorParser().parse(ByteView(whole).first(size))) << size;
  parser.parse(whole);
  EXPECT_FALSE(parser.parse(Bytes{0xc0 | 40, 0, 8}));
}

Bytes edited(const Bytes& original, const DependencyDescriptorEdit& edit) {
  Bytes out(original.size() + kMaxDescriptorGrowth, 0xff);
  out.resize(write_dependency_descriptor(original, edit, out));
  return out;
}

TEST(DependencyDescriptorEdit, ChangesNothingWhenAbsent) {
  const Bytes original = keyframe(7).bytes();
  EXPECT_EQ(edited(original, {}), original);
}

TEST(DependencyDescriptorEdit, ChangesTheFrameNumberAlone) {
  const Bytes original = keyframe(7).bytes();
  Bytes expected = original;
  store_u16(&expected[1], 500);
  EXPECT_EQ(edited(original, {.present = true, .frame_number = 500}), expected);
}

// Whatever else the descriptor holds stays as it was.
void expect_targets_set(const Bytes& original, bool with_structure) {
  DependencyDescriptorParser before;
  DependencyDescriptorParser after;
  if (!with_structure) {
    before.parse(keyframe(1).bytes());
    after.parse(keyframe(1).bytes());
  }
  auto expected = before.parse(original);
  const auto got = after.parse(edited(
      original, {.present = true, .target_count = 4, .frame_number = 20, .active_targets = 0x5}));
  ASSERT_TRUE(expected && got);
  EXPECT_EQ(got->active_targets, 0x5u);
  EXPECT_EQ(got->frame_number, 20);
  EXPECT_EQ(got->indications, expected->indications);
  EXPECT_EQ(got->frame_diffs, expected->frame_diffs);
  EXPECT_EQ(got->frame_diff_count, expected->frame_diff_count);
  EXPECT_EQ(got->chain_diffs, expected->chain_diffs);
  EXPECT_EQ(got->target_chain, expected->target_chain);
  EXPECT_EQ(got->width, expected->width);
}

TEST(DependencyDescriptorEdit, AddsActiveTargetsToTheShortestDescriptor) {
  expect_targets_set(Bytes{0xc0 | 5, 0, 8}, false);
}

TEST(DependencyDescriptorEdit, AddsActiveTargetsToAFrameWithFieldsOfItsOwn) {
  expect_targets_set(
      DescriptorBuilder{.frame_number = 8, .references = {1, 4}, .chain_diffs = {1, 9}}.bytes(),
      false);
}

TEST(DependencyDescriptorEdit, ReplacesActiveTargets) {
  expect_targets_set(
      DescriptorBuilder{.frame_number = 8, .active_targets = 0xf, .references = {3}}.bytes(),
      false);
}

TEST(DependencyDescriptorEdit, AddsActiveTargetsBehindAStructure) {
  expect_targets_set(keyframe(8).bytes(), true);
}

TEST(DependencyDescriptorEdit, GivesNothingForMalformedBytesOrTooLittleRoom) {
  const DependencyDescriptorEdit edit{.present = true, .target_count = 4};
  EXPECT_TRUE(edited(Bytes{1, 2}, edit).empty());
  const Bytes whole = keyframe(8).bytes();
  EXPECT_TRUE(edited(Bytes(whole.begin(), whole.begin() + 8), edit).empty());
  Bytes small(whole.size() - 1);
  EXPECT_EQ(write_dependency_descriptor(whole, edit, small), 0u);
}

}  // namespace
}  // namespace gstlk::rtp
