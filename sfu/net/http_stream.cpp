// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_stream.h"

#include <utility>

namespace gstlk::net {
namespace {

// None that a request can begin with.
constexpr char kEndMark = '\x01';

struct MarkingInput {
  GFilterInputStream parent;
  GSocket* socket;
  bool between;  // requests
};
struct MarkingInputClass {
  GFilterInputStreamClass parent;
};
struct HttpStream {
  GIOStream parent;
  GIOStream* base;
  GInputStream* input;
};
struct HttpStreamClass {
  GIOStreamClass parent;
};

void pollable_init(GPollableInputStreamInterface* interface);
G_DEFINE_TYPE_WITH_CODE(MarkingInput, marking_input, G_TYPE_FILTER_INPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))
G_DEFINE_TYPE(HttpStream, http_stream, G_TYPE_IO_STREAM)

MarkingInput* as_input(gpointer stream) { return static_cast<MarkingInput*>(stream); }
HttpStream* as_http_stream(gpointer stream) { return static_cast<HttpStream*>(stream); }

GPollableInputStream* base_of(gpointer stream) {
  return G_POLLABLE_INPUT_STREAM(G_FILTER_INPUT_STREAM(stream)->base_stream);
}

gssize mark(gpointer stream, char* buffer, gsize size, gssize count, GError** error) {
  MarkingInput* const self = as_input(stream);
  if (count < 0 && g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) return count;
  const bool was_between = std::exchange(self->between, false);
  if (count > 0 || !was_between || size == 0) return count;
  g_clear_error(error);
  g_socket_shutdown(self->socket, TRUE, TRUE, nullptr);
  *buffer = kEndMark;
  return 1;
}

gssize marking_input_read(GInputStream* stream, void* buffer, gsize size, GCancellable* cancellable,
                          GError** error) {
  GError* failure = nullptr;
  const gssize count =
      g_input_stream_read(G_INPUT_STREAM(base_of(stream)), buffer, size, cancellable, &failure);
  const gssize told = mark(stream, static_cast<char*>(buffer), size, count, &failure);
  if (failure) g_propagate_error(error, failure);
  return told;
}

gssize marking_input_read_nonblocking(GPollableInputStream* stream, void* buffer, gsize size,
                                      GError** error) {
  GError* failure = nullptr;
  const gssize count =
      g_pollable_input_stream_read_nonblocking(base_of(stream), buffer, size, nullptr, &failure);
  const gssize told = mark(stream, static_cast<char*>(buffer), size, count, &failure);
  if (failure) g_propagate_error(error, failure);
  return told;
}

gboolean marking_input_is_readable(GPollableInputStream* stream) {
  return g_pollable_input_stream_is_readable(base_of(stream));
}

GSource* marking_input_create_source(GPollableInputStream* stream, GCancellable* cancellable) {
  GSource* below = g_pollable_input_stream_create_source(base_of(stream), nullptr);
  GSource* source = g_pollable_source_new_full(stream, below, cancellable);
  g_source_unref(below);
  return source;
}

void pollable_init(GPollableInputStreamInterface* interface) {
  interface->is_readable = marking_input_is_readable;
  interface->create_source = marking_input_create_source;
  interface->read_nonblocking = marking_input_read_nonblocking;
}

void marking_input_finalize(GObject* object) {
  g_clear_object(&as_input(object)->socket);
  G_OBJECT_CLASS(marking_input_parent_class)->finalize(object);
}

void marking_input_init(MarkingInput*) {}

void marking_input_class_init(MarkingInputClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = marking_input_finalize;
  G_INPUT_STREAM_CLASS(klass)->read_fn = marking_input_read;
}

gboolean http_stream_close(GIOStream* stream, GCancellable* cancellable, GError** error) {
  return g_io_stream_close(as_http_stream(stream)->base, cancellable, error);
}

void http_stream_finalize(GObject* object) {
  g_clear_object(&as_http_stream(object)->input);
  g_clear_object(&as_http_stream(object)->base);
  G_OBJECT_CLASS(http_stream_parent_class)->finalize(object);
}

void http_stream_init(HttpStream*) {}

void http_stream_class_init(HttpStreamClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = http_stream_finalize;
  GIOStreamClass* stream = G_IO_STREAM_CLASS(klass);
  stream->get_input_stream = [](GIOStream* self) { return as_http_stream(self)->input; };
  stream->get_output_stream = [](GIOStream* self) {
    return g_io_stream_get_output_stream(as_http_stream(self)->base);
  };
  stream->close_fn = http_stream_close;
}

}  // namespace

Ref<GIOStream> make_http_stream(Ref<GIOStream> connection, GSocket* socket) {
  auto* stream = as_http_stream(g_object_new(http_stream_get_type(), nullptr));
  stream->base = connection.release();
  stream->input = G_INPUT_STREAM(g_object_new(marking_input_get_type(), "base-stream",
                                              g_io_stream_get_input_stream(stream->base),
                                              "close-base-stream", FALSE, nullptr));
  as_input(stream->input)->socket = Ref<GSocket>::share(socket).release();
  return Ref<GIOStream>::adopt(G_IO_STREAM(stream));
}

void set_between_requests(GIOStream* stream, bool between) {
  as_input(as_http_stream(stream)->input)->between = between;
}

}  // namespace gstlk::net
