// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include <string>
#include <string_view>
#include <utility>

namespace gstlk::turn {

// What a program prints, into the log. Who sends nonsense to a TURN server makes it print, so this
// takes no more than a little at a time, and what the pipe has no room for is lost: the program
// does not wait for us, nor we for it. The first complaints of a run are warnings, all else is for
// debugging. Main thread only.
class ProgramOutput {
 public:
  ProgramOutput();
  ~ProgramOutput();
  ProgramOutput(const ProgramOutput&) = delete;
  ProgramOutput& operator=(const ProgramOutput&) = delete;

  // The end that the program writes to, which is given away; -1 if there is none.
  int take_write_end() { return std::exchange(write_fd_, -1); }
  // What the timer does.
  void read();

 private:
  void add(std::string_view text);
  void log(std::string_view line);

  int read_fd_ = -1;
  int write_fd_ = -1;
  std::string rest_;
  int complaints_ = 0;
  guint timer_ = 0;
};

// A line of coturn's without its time: "Cannot bind ..." of "0: : Cannot bind ...".
std::string_view without_time(std::string_view line);
// Whether an administrator has to know of it, and no client can make coturn print it.
bool is_complaint(std::string_view line);

}  // namespace gstlk::turn
