// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace gstlk::doctor {

enum class Verdict : uint8_t {
  Ok,
  Warn,  // works, but not for everybody or not for long
  Fail,  // the daemon will not start, or nobody will get in
};

// One line of what the doctor says.
struct Finding {
  Verdict verdict = Verdict::Ok;
  std::string what;
  std::string remedy;  // what to change; empty for Ok

  bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

inline Finding ok(std::string what) { return {Verdict::Ok, std::move(what), ""}; }
inline Finding warn(std::string what, std::string remedy) {
  return {Verdict::Warn, std::move(what), std::move(remedy)};
}
inline Finding broken(std::string what, std::string remedy) {
  return {Verdict::Fail, std::move(what), std::move(remedy)};
}

// "warn  what — remedy"
std::string print(const Finding& finding);

}  // namespace gstlk::doctor
