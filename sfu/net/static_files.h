// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace gstlk::net {

// The files of one folder, for the web page. Reads them on each request: they are few and small,
// and whoever works on the page wants to see the change. Paths may only name files below the
// folder, with letters, digits and "._-/".
class StaticFiles {
 public:
  explicit StaticFiles(std::string folder);

  // Whether there is a page at all.
  bool has_index() const;
  // `path` is relative to the folder, as it stands in the URL.
  HttpResponse get(std::string_view path) const;

 private:
  std::string folder_;
};

}  // namespace gstlk::net
