// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libsoup/soup.h>

#include <cstddef>
#include <memory>
#include <utility>

namespace gstlk::net {

// What has come of a request's body. It belongs to the message. Main thread
// only.
class RequestBody {
 public:
  // Bodies of requests that wait for their end take no more together, small ones aside.
  static constexpr size_t kMaxBodies = 64 * 1024 * 1024;
  static constexpr size_t kSmallBody = 64 * 1024;

  // Null: nothing has come.
  static RequestBody* find(SoupServerMessage* message) {
    return static_cast<RequestBody*>(g_object_get_data(G_OBJECT(message), kBodyKey));
  }
  static RequestBody& make(SoupServerMessage* message, const std::shared_ptr<size_t>& all) {
    auto* body = new RequestBody(all);
    g_object_set_data_full(G_OBJECT(message), kBodyKey, body,
                           [](gpointer data) { delete static_cast<RequestBody*>(data); });
    return *body;
  }
  ~RequestBody() { *all_ -= kept_; }
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  size_t size() const { return size_; }
  bool dropped() const { return dropped_; }
  // False: nothing of it is kept, nor of what follows.
  bool add(size_t size, size_t limit) {
    size_ += size;
    dropped_ = dropped_ || (limit != 0 && size_ > limit) ||
               (size_ > kSmallBody && *all_ + size > kMaxBodies);
    if (dropped_) {
      *all_ -= std::exchange(kept_, 0);
      return false;
    }
    kept_ += size;
    *all_ += size;
    return true;
  }

 private:
  static constexpr char kBodyKey[] = "gstlk-body";

  explicit RequestBody(std::shared_ptr<size_t> all) : all_(std::move(all)) {}

  const std::shared_ptr<size_t> all_;  // bytes of all that are kept
  size_t size_ = 0;
  size_t kept_ = 0;
  bool dropped_ = false;
};

}  // namespace gstlk::net
