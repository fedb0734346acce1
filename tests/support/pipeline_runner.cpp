// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs a pipeline in gst-launch syntax for a test in another language:
//
//   pipeline_runner <pipeline>
//
// Standard output has a line of JSON for each bus message: {"bus": "error", "from": "s", ...} with
// the fields of its structure. Standard input takes lines of JSON, each answered by {"answer": id}:
//
//   {"id": 1, "set": "s.video_0", "property": "muted", "value": "true"}
//   {"id": 2, "get": "s", "property": "stats"}
//   {"id": 3, "state": "ready"}        of the pipeline: null, ready, paused, playing
//   {"id": 4, "data": "text", "to": "s", "topic": "t", "reliable": true}   signal publish-data
//   {"id": 5, "eos": true}             sends EOS
//   {"id": 6, "emit": "set-subscribed", "to": "s", "text": "TR_x", "flag": false}   an action
//        signal that takes as many of a text and a flag as are given
//   {"id": 7, "emit": "disconnect", "to": "s", "at": "sink"}   likewise, by the thread that brings
//        the next buffer to the element `at`
//
// The end of the input, an error or EOS ends it; errors by exit status 1. With GST_TRACERS set
// GStreamer is ended too. Elements of this project are there without an installed plugin.

#include <gst/gst.h>
#include <json-glib/json-glib.h>

#include <cstdio>
#include <string>
#include <utility>

#include "base/ref.h"
#include "plugins/livekit/plugin.h"
#include "plugins/sfu/plugin.h"

using gstlk::Ref;

namespace {

JsonNode* to_json(const GValue* value);

JsonNode* structure_to_json(const GstStructure* structure) {
  JsonObject* object = json_object_new();
  for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* field = gst_structure_nth_field_name(structure, i);
    json_object_set_member(object, field, to_json(gst_structure_get_value(structure, field)));
  }
  JsonNode* node = json_node_alloc();
  json_node_init_object(node, object);
  json_object_unref(object);
  return node;
}

JsonNode* text_node(const char* text) {
  JsonNode* node = json_node_alloc();
  return json_node_init_string(node, text ? text : "");
}

JsonNode* array_to_json(const GValue* value) {
  JsonArray* array = json_array_new();
  for (guint i = 0; i < gst_value_array_get_size(value); ++i)
    json_array_add_element(array, to_json(gst_value_array_get_value(value, i)));
  JsonNode* node = json_node_alloc();
  json_node_init_array(node, array);
  json_array_unref(array);
  return node;
}

// What the element level still uses.
G_GNUC_BEGIN_IGNORE_DEPRECATIONS
JsonNode* value_array_to_json(const GValue* value) {
  auto* values = static_cast<GValueArray*>(g_value_get_boxed(value));
  JsonArray* array = json_array_new();
  for (guint i = 0; i < values->n_values; ++i)
    json_array_add_element(array, to_json(g_value_array_get_nth(values, i)));
  JsonNode* node = json_node_alloc();
  json_node_init_array(node, array);
  json_array_unref(array);
  return node;
}
bool holds_value_array(const GValue* value) {
  return g_type_is_a(G_VALUE_TYPE(value), g_value_array_get_type());
}
G_GNUC_END_IGNORE_DEPRECATIONS

JsonNode* number_or_text(const GValue* value) {
  GValue number = G_VALUE_INIT;
  g_value_init(&number, G_TYPE_DOUBLE);
  JsonNode* node = nullptr;
  if (G_VALUE_TYPE(value) != G_TYPE_STRING && g_value_transform(value, &number)) {
    node = json_node_init_double(json_node_alloc(), g_value_get_double(&number));
  } else {
    gchar* text =
        G_VALUE_HOLDS_STRING(value) ? g_value_dup_string(value) : gst_value_serialize(value);
    node = text_node(text);
    g_free(text);
  }
  g_value_unset(&number);
  return node;
}

JsonNode* to_json(const GValue* value) {
  if (GST_VALUE_HOLDS_STRUCTURE(value)) return structure_to_json(gst_value_get_structure(value));
  if (GST_VALUE_HOLDS_ARRAY(value)) return array_to_json(value);
  if (holds_value_array(value)) return value_array_to_json(value);
  if (G_VALUE_HOLDS_BOOLEAN(value))
    return json_node_init_boolean(json_node_alloc(), g_value_get_boolean(value));
  if (G_VALUE_TYPE(value) == G_TYPE_BYTES) {
    gsize size = 0;
    const auto* bytes = static_cast<const char*>(
        g_bytes_get_data(static_cast<GBytes*>(g_value_get_boxed(value)), &size));
    return text_node(std::string(bytes, size).c_str());
  }
  return number_or_text(value);
}

void print(JsonNode* node) {
  gchar* text = json_to_string(node, FALSE);
  std::printf("%s\n", text);
  std::fflush(stdout);
  g_free(text);
  json_node_unref(node);
}

class Runner {
 public:
  explicit Runner(GstElement* pipeline) : pipeline_(Ref<GstElement>::sink(pipeline)) {}

  int run() {
    loop_ = Ref<GMainLoop>::adopt(g_main_loop_new(nullptr, FALSE));
    GstBus* bus = gst_element_get_bus(pipeline_.get());
    gst_bus_add_watch(bus, on_message, this);
    GIOChannel* input = g_io_channel_unix_new(0);
    g_io_add_watch(input, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), on_input, this);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    g_main_loop_run(loop_.get());
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    gst_bus_remove_watch(bus);
    gst_object_unref(bus);
    g_io_channel_unref(input);
    return status_;
  }

 private:
  static gboolean on_message(GstBus*, GstMessage* message, gpointer self) {
    static_cast<Runner*>(self)->handle(message);
    return G_SOURCE_CONTINUE;
  }
  static gboolean on_input(GIOChannel* channel, GIOCondition, gpointer self) {
    gchar* line = nullptr;
    const GIOStatus status = g_io_channel_read_line(channel, &line, nullptr, nullptr, nullptr);
    auto* runner = static_cast<Runner*>(self);
    if (status == G_IO_STATUS_NORMAL && line) runner->command(line);
    g_free(line);
    if (status != G_IO_STATUS_EOF) return G_SOURCE_CONTINUE;
    g_main_loop_quit(runner->loop_.get());
    return G_SOURCE_REMOVE;
  }

  void handle(GstMessage* message) {
    JsonObject* object = json_object_new();
    json_object_set_string_member(object, "bus", GST_MESSAGE_TYPE_NAME(message));
    json_object_set_string_member(object, "from",
                                  GST_MESSAGE_SRC(message) ? GST_MESSAGE_SRC_NAME(message) : "");
    const GstStructure* structure = gst_message_get_structure(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR ||
        GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
      add_error(message, object);
    } else if (structure) {
      json_object_set_string_member(object, "name", gst_structure_get_name(structure));
      json_object_set_member(object, "fields", structure_to_json(structure));
    }
    JsonNode* node = json_node_init_object(json_node_alloc(), object);
    json_object_unref(object);
    print(node);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) status_ = 1;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR ||
        GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
      g_main_loop_quit(loop_.get());
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY)
      gst_bin_recalculate_latency(GST_BIN(pipeline_.get()));
  }

  static void add_error(GstMessage* message, JsonObject* object) {
    GError* error = nullptr;
    gchar* debug = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
      gst_message_parse_error(message, &error, &debug);
    else
      gst_message_parse_warning(message, &error, &debug);
    json_object_set_string_member(object, "text", error->message);
    json_object_set_string_member(object, "debug", debug ? debug : "");
    g_error_free(error);
    g_free(debug);
  }

  void command(const char* line) {
    JsonParser* parser = json_parser_new();
    if (json_parser_load_from_data(parser, line, -1, nullptr)) {
      JsonObject* request = json_node_get_object(json_parser_get_root(parser));
      JsonObject* answer = json_object_new();
      json_object_set_int_member(answer, "answer",
                                 json_object_get_int_member_with_default(request, "id", 0));
      carry_out(request, answer);
      JsonNode* node = json_node_init_object(json_node_alloc(), answer);
      json_object_unref(answer);
      print(node);
    }
    g_object_unref(parser);
  }

  void carry_out(JsonObject* request, JsonObject* answer) {
    const auto text = [request](const char* name) {
      return json_object_get_string_member_with_default(request, name, "");
    };
    if (json_object_has_member(request, "set")) {
      if (const auto object = find(text("set")))
        gst_util_set_object_arg(object.get(), text("property"), text("value"));
    } else if (json_object_has_member(request, "get")) {
      if (const auto object = find(text("get"))) {
        GValue value = G_VALUE_INIT;
        g_object_get_property(object.get(), text("property"), &value);
        json_object_set_member(answer, "value", to_json(&value));
        g_value_unset(&value);
      }
    } else if (json_object_has_member(request, "state")) {
      GValue value = G_VALUE_INIT;
      g_value_init(&value, GST_TYPE_STATE);
      if (gst_value_deserialize(&value, text("state")))
        gst_element_set_state(pipeline_.get(), static_cast<GstState>(g_value_get_enum(&value)));
    } else if (json_object_has_member(request, "data")) {
      const auto object = find(text("to"));
      const std::string payload = text("data");
      GBytes* bytes = g_bytes_new(payload.data(), payload.size());
      gboolean sent = FALSE;
      g_signal_emit_by_name(object.get(), "publish-data", bytes, text("topic"),
                            json_object_get_boolean_member_with_default(request, "reliable", TRUE),
                            &sent);
      g_bytes_unref(bytes);
      json_object_set_boolean_member(answer, "value", sent);
    } else if (json_object_has_member(request, "emit")) {
      if (json_object_has_member(request, "at"))
        emit_at_buffer(request);
      else
        emit(request, answer);
    } else if (json_object_has_member(request, "eos")) {
      gst_element_send_event(pipeline_.get(), gst_event_new_eos());
    }
  }

  void emit_at_buffer(JsonObject* request) {
    const auto pad = find(json_object_get_string_member(request, "at") + std::string(".sink"));
    auto* later = new std::pair<Runner*, JsonObject*>(this, json_object_ref(request));
    gst_pad_add_probe(
        GST_PAD(pad.get()), GST_PAD_PROBE_TYPE_BUFFER,
        +[](GstPad*, GstPadProbeInfo*, gpointer data) {
          const auto& [self, wanted] = *static_cast<std::pair<Runner*, JsonObject*>*>(data);
          JsonObject* answer = json_object_new();
          self->emit(wanted, answer);
          json_object_unref(answer);
          return GST_PAD_PROBE_REMOVE;
        },
        later,
        [](gpointer data) {
          auto* done = static_cast<std::pair<Runner*, JsonObject*>*>(data);
          json_object_unref(done->second);
          delete done;
        });
  }

  void emit(JsonObject* request, JsonObject* answer) {
    const auto object = find(json_object_get_string_member_with_default(request, "to", ""));
    const char* signal = json_object_get_string_member(request, "emit");
    const char* text = json_object_get_string_member_with_default(request, "text", nullptr);
    const gboolean flag = json_object_get_boolean_member_with_default(request, "flag", FALSE);
    gboolean result = FALSE;
    if (!text)
      g_signal_emit_by_name(object.get(), signal);
    else if (!json_object_has_member(request, "flag"))
      g_signal_emit_by_name(object.get(), signal, text, &result);
    else
      g_signal_emit_by_name(object.get(), signal, text, flag, &result);
    json_object_set_boolean_member(answer, "value", result);
  }

  // "element" or "element.pad".
  Ref<GObject> find(const std::string& name) {
    const size_t dot = name.find('.');
    auto element = Ref<GstElement>::adopt(
        gst_bin_get_by_name(GST_BIN(pipeline_.get()), name.substr(0, dot).c_str()));
    if (!element || dot == std::string::npos) return Ref<GObject>::share(G_OBJECT(element.get()));
    return Ref<GObject>::adopt(
        G_OBJECT(gst_element_get_static_pad(element.get(), name.c_str() + dot + 1)));
  }

  Ref<GstElement> pipeline_;
  Ref<GMainLoop> loop_;
  int status_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  gstlk_sfu_register_elements(nullptr);
  gstlk_client_register_elements(nullptr);
  if (argc != 2) {
    std::fprintf(stderr, "usage: pipeline_runner <pipeline>\n");
    return 2;
  }
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(argv[1], &error);
  if (error) {
    std::fprintf(stderr, "%s\n", error->message);
    return 2;
  }
  if (!GST_IS_PIPELINE(pipeline)) {
    // A single element, which has no clock by itself.
    GstElement* whole = gst_pipeline_new(nullptr);
    gst_bin_add(GST_BIN(whole), pipeline);
    pipeline = whole;
  }
  const int status = Runner(pipeline).run();
  // What is left then is told by GStreamer's leaks tracer.
  if (g_getenv("GST_TRACERS")) gst_deinit();
  return status;
}
