// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/program_output.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace gstlk::turn {
namespace {

TEST(ProgramOutput, TheTimeOfALineGoes) {
  EXPECT_EQ(without_time("61: : ERROR: x"), "ERROR: x");
  EXPECT_EQ(without_time("Cannot bind"), "Cannot bind");
  EXPECT_EQ(without_time("61"), "61");
  EXPECT_EQ(without_time(""), "");
}

TEST(ProgramOutput, OnlyWhatAnAdministratorCanChangeIsAComplaint) {
  EXPECT_TRUE(is_complaint("Cannot bind TLS/TCP listener socket to addr 127.0.0.1:1"));
  EXPECT_TRUE(is_complaint("ERROR: TLS1.2: ERROR: invalid private key"));
  EXPECT_FALSE(is_complaint("Relay ports initialization done"));
  EXPECT_FALSE(is_complaint("ERROR: check_stun_auth: Cannot find credentials of user <1:PA_x>"));
  EXPECT_FALSE(
      is_complaint("ERROR: session 000000000000000004: TLS/TCP socket error: Broken pipe"));
  EXPECT_FALSE(
      is_complaint("ERROR: A peer IP 10.1.2.3 denied in the range: 10.0.0.0-10.255.255.255"));
}

TEST(ProgramOutput, AProgramThatPrintsTooMuchDoesNotWait) {
  ProgramOutput output;
  const int end = output.take_write_end();
  const std::string line(1000, 'x');
  ssize_t written = 0;
  for (int i = 0; i < 1000 && written >= 0; i++) written = write(end, line.data(), line.size());
  EXPECT_EQ(written, -1);
  output.read();
  EXPECT_GT(write(end, line.data(), line.size()), 0);
  close(end);
}

}  // namespace
}  // namespace gstlk::turn
