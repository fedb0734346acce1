// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace gstlk::net {

// How long an HTTP connection may take for what it does, and how many may do nothing: who connects
// and says nothing, or a byte now and then, or does not read the answer, shall not keep anybody
// else out. Knows connections by a pointer that it does not follow. Not thread-safe.
class ConnectionDeadlines {
 public:
  using Key = const void*;
  enum class Stage : uint8_t {
    Request,    // its first one has to come, and a TLS handshake's beginning before: 10 s
    Handshake,  // the rest of a TLS handshake: 3 s
    Idle,       // has been answered, another may come: 75 s, longer than proxies keep them
    Transfer,   // the rest of a request, or the answer that has to be read: 60 s
    Answer,     // waits for us, for as long as it takes
    Brief,      // whatever it does: 10 s
  };

  // At most so many may wait for their client: be in Request, Idle and Transfer.
  explicit ConnectionDeadlines(size_t max_waiting) : max_waiting_(max_waiting) {}

  void add(Key key, Stage stage, Timestamp now);
  // Does something else from `now` on. Not one that is Brief; unknown ones do not concern us.
  void change(Key key, Stage stage, Timestamp now);
  void remove(Key key);
  size_t size() const { return entries_.size(); }

  // Those that have to be closed, and are forgotten: whose time is over by `now`, and of too many
  // that wait those that have done so for longest.
  std::vector<Key> take_overdue(Timestamp now);

 private:
  struct Entry {
    Stage stage;
    Timestamp since;
    std::list<Key>::iterator place;
  };
  static constexpr size_t kStages = 6;

  std::list<Key>& in(Stage stage) { return by_stage_[static_cast<size_t>(stage)]; }
  Timestamp first_since(Stage stage);
  size_t waiting();
  Stage longest_waiting();
  void take_first(Stage stage, std::vector<Key>& taken);

  const size_t max_waiting_;
  std::unordered_map<Key, Entry> entries_;
  std::array<std::list<Key>, kStages> by_stage_;  // each in the order of `since`
};

}  // namespace gstlk::net
