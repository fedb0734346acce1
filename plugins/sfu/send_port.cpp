// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/send_port.h"

#include <algorithm>

#include "base/ref.h"

namespace gstlk::sfu {
namespace {

constexpr const char* kQueryName = "gstlk-send-port";
constexpr const char* kField = "holder";

}  // namespace

uint32_t StreamPosition::timestamp_at(Timestamp now, uint32_t clock_rate) const {
  const int64_t passed = std::max<Duration>(now - sent, 1ms).count();
  const int64_t ticks =
      passed / 1'000'000 * clock_rate + passed % 1'000'000 * clock_rate / 1'000'000;
  return timestamp + static_cast<uint32_t>(ticks);
}

std::shared_ptr<SendPort> query_send_port(GstPad* pad) {
  // The answerer copies its shared_ptr to the place that the query points at, on this thread.
  std::shared_ptr<SendPort> port;
  const auto query = Ref<GstQuery>::adopt(gst_query_new_custom(
      GST_QUERY_CUSTOM, gst_structure_new(kQueryName, kField, G_TYPE_POINTER, &port, nullptr)));
  gst_pad_query(pad, query.get());
  return port;
}

bool answer_send_port_query(GstQuery* query, const std::shared_ptr<SendPort>& port) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM) return false;
  const GstStructure* structure = gst_query_get_structure(query);
  if (!structure || !gst_structure_has_name(structure, kQueryName)) return false;
  gpointer holder = nullptr;
  if (!gst_structure_get(structure, kField, G_TYPE_POINTER, &holder, nullptr)) return false;
  *static_cast<std::shared_ptr<SendPort>*>(holder) = port;
  return true;
}

}  // namespace gstlk::sfu
