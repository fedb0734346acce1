// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/ref.h"
#include "plugins/livekit/plugin.h"
#include "tests/elements/fake_room.h"
#include "tests/support/eventually.h"

namespace gstlk::client {

using gstlk::testing::eventually;
using gstlk::testing::FakeRoom;

inline constexpr const char* kKeys =
    " api-key=k identity=i room-name=r "
    "secret-key=secretsecretsecretsecretsecretsecret ";

// A pipeline of elements in a room whose server only talks.
class LiveKitSessionTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    gst_init(nullptr, nullptr);
    ASSERT_TRUE(gstlk_client_register_elements(nullptr));
  }
  void TearDown() override {
    if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }

  // "ws-url" and a long timeout are said of each element of `line` by URL.
  void play(std::string line) {
    const std::string mark = "URL";
    const std::string text = "ws-url=" + room_.url() + " timeout=60 ";
    for (size_t at = line.find(mark); at != std::string::npos; at = line.find(mark, at))
      line.replace(at, mark.size(), text);
    GError* error = nullptr;
    pipeline_ = Ref<GstElement>::sink(gst_parse_launch(line.c_str(), &error));
    ASSERT_EQ(error, nullptr) << error->message;
    // Of one element alone gst_parse_launch() makes no pipeline.
    if (!GST_IS_PIPELINE(pipeline_.get())) {
      GstElement* alone = pipeline_.get();
      auto pipeline = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
      gst_bin_add(GST_BIN(pipeline.get()), alone);
      pipeline_ = pipeline;
    }
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  }
  Ref<GstElement> find(const char* name) const {
    return Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }
  // The text of the first error since the last call, or "".
  std::string error(GstClockTime within = 0) const {
    const auto message = pop(GST_MESSAGE_ERROR, within);
    return message ? text_of(message.get(), gst_message_parse_error) : "";
  }
  // Likewise of the first warning.
  std::string warning(GstClockTime within = 0) const {
    const auto message = pop(GST_MESSAGE_WARNING, within);
    return message ? text_of(message.get(), gst_message_parse_warning) : "";
  }
  // The fields of the next element message of that name, of `element` if not empty; null when none
  // comes within ten seconds.
  std::shared_ptr<const GstStructure> told(const char* name,
                                           const std::string& element = "") const {
    for (;;) {
      const auto message = pop(GST_MESSAGE_ELEMENT, 10 * GST_SECOND);
      if (!message) return nullptr;
      const GstStructure* structure = gst_message_get_structure(message.get());
      if (!gst_structure_has_name(structure, name)) continue;
      if (!element.empty() && element != GST_MESSAGE_SRC_NAME(message.get())) continue;
      return {gst_structure_copy(structure), gst_structure_free};
    }
  }
  // Another element into the pipeline that plays, in the room as far as it is not said otherwise.
  void add(const char* factory, const char* name, const char* session) {
    GstElement* element = gst_element_factory_make(factory, name);
    g_object_set(element, "session", session, "ws-url", room_.url().c_str(), "api-key", "k",
                 "secret-key", "secretsecretsecretsecretsecretsecret", "room-name", "r", "identity",
                 "i", nullptr);
    gst_bin_add(GST_BIN(pipeline_.get()), element);
    gst_element_sync_state_with_parent(element);
  }

  Ref<GstMessage> pop(GstMessageType type, GstClockTime within) const {
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    return Ref<GstMessage>::adopt(gst_bus_timed_pop_filtered(bus.get(), within, type));
  }
  static std::string text_of(GstMessage* message, void (*parse)(GstMessage*, GError**, gchar**)) {
    GError* why = nullptr;
    parse(message, &why, nullptr);
    std::string text = why->message;
    g_error_free(why);
    return text;
  }

  FakeRoom room_;
  Ref<GstElement> pipeline_;
};

}  // namespace gstlk::client
