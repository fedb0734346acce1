// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <utility>

namespace gstlk {

// How a reference-counted C type is kept alive. GObjects by default; the mini objects have their
// own.
template <class T>
struct RefTraits {
  static void ref(T* p) { g_object_ref(p); }
  static void unref(T* p) { g_object_unref(p); }
};

#define GSTLK_REF_TRAITS(Type, ref_function, unref_function) \
  template <>                                                \
  struct RefTraits<Type> {                                   \
    static void ref(Type* p) { ref_function(p); }            \
    static void unref(Type* p) { unref_function(p); }        \
  }
GSTLK_REF_TRAITS(GstBuffer, gst_buffer_ref, gst_buffer_unref);
GSTLK_REF_TRAITS(GstBufferList, gst_buffer_list_ref, gst_buffer_list_unref);
GSTLK_REF_TRAITS(GstCaps, gst_caps_ref, gst_caps_unref);
GSTLK_REF_TRAITS(GstContext, gst_context_ref, gst_context_unref);
GSTLK_REF_TRAITS(GstEvent, gst_event_ref, gst_event_unref);
GSTLK_REF_TRAITS(GstMemory, gst_memory_ref, gst_memory_unref);
GSTLK_REF_TRAITS(GstMessage, gst_message_ref, gst_message_unref);
GSTLK_REF_TRAITS(GstPromise, gst_promise_ref, gst_promise_unref);
GSTLK_REF_TRAITS(GstQuery, gst_query_ref, gst_query_unref);
GSTLK_REF_TRAITS(GstTagList, gst_tag_list_ref, gst_tag_list_unref);
GSTLK_REF_TRAITS(GMainContext, g_main_context_ref, g_main_context_unref);
GSTLK_REF_TRAITS(GMainLoop, g_main_loop_ref, g_main_loop_unref);
GSTLK_REF_TRAITS(GBytes, g_bytes_ref, g_bytes_unref);

// Owns one reference. adopt() takes over a reference (transfer full), share() adds one
// (transfer none), release() hands it over.
template <class T>
class Ref {
 public:
  Ref() = default;
  static Ref adopt(T* p) {
    Ref r;
    r.p_ = p;
    return r;
  }
  static Ref share(T* p) {
    if (p) RefTraits<T>::ref(p);
    return adopt(p);
  }
  // A new floating object becomes ours.
  static Ref sink(T* p) { return adopt(static_cast<T*>(g_object_ref_sink(p))); }

  Ref(const Ref& other) : p_(other.p_) {
    if (p_) RefTraits<T>::ref(p_);
  }
  Ref(Ref&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }
  ~Ref() {
    if (p_) RefTraits<T>::unref(p_);
  }

  T* get() const { return p_; }
  T* operator->() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }
  [[nodiscard]] T* release() { return std::exchange(p_, nullptr); }
  void reset() { *this = Ref(); }

 private:
  T* p_ = nullptr;
};

}  // namespace gstlk
