// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <memory>
#include <optional>
#include <string>

#include "base/ref.h"
#include "base/result.h"
#include "base/time.h"
#include "turn/program_output.h"
#include "turn/turn_settings.h"

namespace gstlk::turn {

// coturn's program, if it is installed.
std::optional<std::string> find_turnserver();

// Whether what the settings name can be listened on; plain TCP is given up where somebody else has
// the port. The error is one line. Before the server starts.
Result<void> check_ports(TurnSettings& settings);

// coturn as a child of this process: started, started again when it ends, and gone with us, however
// we end. Its configuration is in a folder that only our user can enter. Main thread only.
class TurnServer {
 public:
  // Runs from now on. The error is that there is no place for the folder.
  static Result<std::unique_ptr<TurnServer>> start(const std::string& program,
                                                   const TurnSettings& settings);
  ~TurnServer();
  TurnServer(const TurnServer&) = delete;
  TurnServer& operator=(const TurnServer&) = delete;

  // The files of the certificate have changed: new connections get the new one.
  void reload_certificate();

 private:
  TurnServer(std::string program, TurnSettings settings);
  Result<void> write_files();
  void launch();
  void launch_again();
  void on_ended();
  void launch_later();

  const std::string program_;
  const TurnSettings settings_;
  std::string folder_;
  Ref<GCancellable> alive_;
  Ref<GSubprocess> process_;
  std::unique_ptr<ProgramOutput> output_;
  Timestamp launched_{};
  Duration pause_;
  guint timer_ = 0;
};

}  // namespace gstlk::turn
