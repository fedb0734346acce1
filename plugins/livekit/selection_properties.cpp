// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/selection_properties.h"

#include <array>

namespace gstlk::client {

namespace {

struct ListProperty {
  const char* name;
  const char* nick;
  const char* blurb;
  std::vector<std::string> TrackSelection::*field;
};

constexpr std::array<ListProperty, 3> kLists = {{
    {"participants", "Participants",
     "Identities whose tracks are received, as globs with commas between; empty: everybody's",
     &TrackSelection::participants},
    {"tracks", "Tracks", "Names of the tracks that are received, likewise",
     &TrackSelection::tracks},
    {"sources", "Sources",
     "Sources that are received, likewise: camera, microphone, screen_share, "
     "screen_share_audio, unknown",
     &TrackSelection::sources},
}};

struct KindProperty {
  const char* name;
  const char* nick;
  const char* blurb;
  bool TrackSelection::*field;
};

constexpr std::array<KindProperty, 2> kKinds = {{
    {"audio", "Audio", "Audio is received", &TrackSelection::audio},
    {"video", "Video", "Video is received", &TrackSelection::video},
}};

static_assert(kLists.size() + kKinds.size() == kSelectionProperties);

constexpr auto kFlags =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

}  // namespace

guint install_selection_properties(GObjectClass* klass, guint first) {
  guint id = first;
  for (const ListProperty& list : kLists)
    g_object_class_install_property(
        klass, id++, g_param_spec_string(list.name, list.nick, list.blurb, nullptr, kFlags));
  for (const KindProperty& kind : kKinds)
    g_object_class_install_property(
        klass, id++, g_param_spec_boolean(kind.name, kind.nick, kind.blurb, TRUE, kFlags));
  return id;
}

bool set_selection_property(TrackSelection& selection, guint first, guint id, const GValue* value) {
  const guint index = id - first;
  if (index < kLists.size()) {
    const char* text = g_value_get_string(value);
    selection.*kLists[index].field = split_list(text ? text : "");
  } else if (index < kSelectionProperties) {
    selection.*kKinds[index - kLists.size()].field = g_value_get_boolean(value);
  }
  return index < kSelectionProperties;
}

bool get_selection_property(const TrackSelection& selection, guint first, guint id, GValue* value) {
  const guint index = id - first;
  if (index < kLists.size()) {
    const auto& list = selection.*kLists[index].field;
    g_value_set_string(value, list.empty() ? nullptr : join_list(list).c_str());
  } else if (index < kSelectionProperties) {
    g_value_set_boolean(value, selection.*kKinds[index - kLists.size()].field);
  }
  return index < kSelectionProperties;
}

}  // namespace gstlk::client
