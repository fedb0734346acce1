// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/packet_pool.h"

namespace gstlk::sfu {
namespace {

Ref<GstBufferPool> make_pool(size_t size) {
  Ref<GstBufferPool> pool = Ref<GstBufferPool>::sink(gst_buffer_pool_new());
  GstStructure* config = gst_buffer_pool_get_config(pool.get());
  gst_buffer_pool_config_set_params(config, nullptr, static_cast<guint>(size), 0, 0);
  gst_buffer_pool_set_config(pool.get(), config);
  gst_buffer_pool_set_active(pool.get(), TRUE);
  return pool;
}

}  // namespace

PacketPool::PacketPool() : small_(make_pool(kSmall)), large_(make_pool(kLarge)) {}

PacketPool::~PacketPool() {
  gst_buffer_pool_set_active(small_.get(), FALSE);
  gst_buffer_pool_set_active(large_.get(), FALSE);
}

Ref<GstBuffer> PacketPool::take(size_t size, std::span<uint8_t>* bytes) {
  if (size > kLarge) return {};
  GstBuffer* buffer = nullptr;
  GstBufferPool* pool = size <= kSmall ? small_.get() : large_.get();
  if (gst_buffer_pool_acquire_buffer(pool, &buffer, nullptr) != GST_FLOW_OK) return {};
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  *bytes = {map.data, map.size};
  gst_buffer_unmap(buffer, &map);
  return Ref<GstBuffer>::adopt(buffer);
}

}  // namespace gstlk::sfu
