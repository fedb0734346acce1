// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "http_server_fixture.h"
#include "raw_client.h"
#include "support/no_descriptors.h"

// Clients that want to use up what there is.
namespace gstlk::net {
namespace {

TEST_F(HttpServerTest, ConnectionsAreTakenAgainWhenThereAreDescriptorsAgain) {
  RawClient client(server_.port());
  {
    const NoDescriptors none;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    turn_for(300);
    EXPECT_EQ(client.read(), "");
    EXPECT_FALSE(client.closed());
  }
  EXPECT_TRUE(run_until([&] { return client.read().ends_with("OK"); }));
  EXPECT_EQ(request("GET", "/").status, 200u);
}

}  // namespace
}  // namespace gstlk::net
