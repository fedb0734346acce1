// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/program_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "turn/log.h"

namespace gstlk::turn {
namespace {

constexpr guint kPeriodMs = 200;
constexpr size_t kMaxAtOnce = 8192;
constexpr size_t kMaxLine = 400;
constexpr int kMaxComplaints = 5;

}  // namespace

std::string_view without_time(std::string_view line) {
  const size_t text = line.find_first_not_of("0123456789");
  if (text == 0 || text == std::string_view::npos) return line;
  return line.substr(text).starts_with(": : ") ? line.substr(text + 4) : line;
}

bool is_complaint(std::string_view line) {
  constexpr std::string_view kWords[] = {"Cannot bind", "CONFIG ERROR", "Error retrieving SQLite",
                                         "ERROR: SSL", "ERROR: TLS1"};
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return line.find(word) != std::string_view::npos; });
}

ProgramOutput::ProgramOutput() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return;
  read_fd_ = ends[0];
  write_fd_ = ends[1];
  timer_ = g_timeout_add(
      kPeriodMs,
      [](gpointer self) -> gboolean {
        static_cast<ProgramOutput*>(self)->read();
        return G_SOURCE_CONTINUE;
      },
      this);
}

ProgramOutput::~ProgramOutput() {
  if (timer_ != 0) g_source_remove(timer_);
  if (read_fd_ >= 0) close(read_fd_);
  if (write_fd_ >= 0) close(write_fd_);
}

void ProgramOutput::read() {
  std::array<char, kMaxAtOnce> bytes;
  const ssize_t size = ::read(read_fd_, bytes.data(), bytes.size());
  if (size > 0) add({bytes.data(), static_cast<size_t>(size)});
}

void ProgramOutput::add(std::string_view text) {
  while (true) {
    const size_t end = text.find('\n');
    rest_ += text.substr(0, std::min(end, kMaxLine));
    if (end == std::string_view::npos) break;
    log(without_time(rest_));
    rest_.clear();
    text.remove_prefix(end + 1);
  }
  if (rest_.size() > kMaxLine) rest_.resize(kMaxLine);
}

void ProgramOutput::log(std::string_view line) {
  const int size = static_cast<int>(std::min(line.size(), kMaxLine));
  if (size == 0) return;
  if (is_complaint(line) && complaints_ < kMaxComplaints) {
    complaints_++;
    LOG_WARNING(log_turn, "turnserver: %.*s", size, line.data());
  } else {
    LOG_DEBUG(log_turn, "turnserver: %.*s", size, line.data());
  }
}

}  // namespace gstlk::turn
