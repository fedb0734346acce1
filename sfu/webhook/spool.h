// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "webhook/outbox.h"

namespace gstlk::webhook {

// An outbox in a directory, a file for each delivery: one line of JSON with what is in Delivery
// beside the body, then the body. A file gets its name when it is complete and is removed when it
// is delivered, so that the directory always is exactly what a next process has to send.
//
// Files are written without fsync(), because the main loop must not wait for a disk: the end of the
// process loses nothing, that of the machine at most what its kernel had not written (30 seconds by
// Linux' default). What cannot be written, on a full disk, is kept in memory.
//
// Main thread only; one process at a time, which a lock file sees to.
class Spool : public Outbox {
 public:
  struct Found {
    DeliveryId id;
    Delivery delivery;  // without its body
    size_t cost = 0;
  };

  // Makes the directory when it is not there. The error says what to do.
  static Result<std::unique_ptr<Spool>> open(const std::string& directory);
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // What is there, oldest first. What is no delivery is removed, with a line in the log.
  std::vector<Found> list();

  void put(DeliveryId id, Delivery delivery) override;
  std::optional<Delivery> get(DeliveryId id) const override;
  void remove(DeliveryId id) override;
  // In whole blocks, as the disk has it.
  size_t cost(const Delivery& delivery) const override;

 private:
  Spool(std::string directory, int lock);
  std::string path(DeliveryId id) const;

  const std::string directory_;
  const int lock_;
  MemoryOutbox unwritten_;
  bool is_failing_ = false;
};

}  // namespace gstlk::webhook
