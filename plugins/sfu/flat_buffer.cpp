// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/flat_buffer.h"

namespace gstlk::sfu {

ByteView stable_bytes(GstBuffer* buffer) {
  if (gst_buffer_n_memory(buffer) != 1) return {};
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return {};
  const ByteView bytes(map.data, map.size);
  gst_buffer_unmap(buffer, &map);
  return bytes;
}

namespace {

Ref<GstBuffer> flattened(GstBuffer* buffer) {
  const gsize size = gst_buffer_get_size(buffer);
  auto copy = Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, size, nullptr));
  GstMapInfo map;
  gst_buffer_map(copy.get(), &map, GST_MAP_WRITE);
  gst_buffer_extract(buffer, 0, map.data, size);
  gst_buffer_unmap(copy.get(), &map);
  gst_buffer_copy_into(copy.get(), buffer, GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  return copy;
}

}  // namespace

Ref<GstBufferList> flattened(Ref<GstBufferList> list) {
  const guint length = gst_buffer_list_length(list.get());
  bool flat = true;
  for (guint i = 0; i < length; ++i) {
    flat &= gst_buffer_n_memory(gst_buffer_list_get(list.get(), i)) == 1;
  }
  if (flat) return list;
  auto copy = Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(length));
  for (guint i = 0; i < length; ++i) {
    gst_buffer_list_add(copy.get(), flattened(gst_buffer_list_get(list.get(), i)).release());
  }
  return copy;
}

}  // namespace gstlk::sfu
