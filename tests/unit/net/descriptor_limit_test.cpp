// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace gstlk::net {
namespace {

TEST(DescriptorLimit, TheSoftOneIsRaisedToTheHardOne) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 100;
  setrlimit(RLIMIT_NOFILE, &low);
  const uint64_t highest = highest_descriptor_limit();
  EXPECT_EQ(descriptor_limit(), 100u);
  EXPECT_LE(highest, before.rlim_max);
  EXPECT_GT(highest, 100u);
  raise_descriptor_limit();
  EXPECT_EQ(descriptor_limit(), highest);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace gstlk::net
