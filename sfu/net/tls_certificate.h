// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>
#include <sys/stat.h>

#include <array>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "base/result.h"

namespace gstlk::net {

// Where a certificate is, as the configuration names it.
struct TlsFiles {
  std::string section;    // "tls": messages name the keys tls.cert_file and tls.key_file
  std::string cert_file;  // PEM: the certificate, then those that vouch for it
  std::string key_file;   // PEM, without a passphrase
};

struct TlsCertificate {
  Ref<GTlsCertificate> certificate;
  std::vector<std::string> warnings;  // what clients or the administrator will not like about it
};

// Reads both files and whether they belong together. The error is one line: key, file, remedy.
Result<TlsCertificate> load_tls_certificate(const TlsFiles& files, time_t now);

// Follows files that are replaced: by a new one, by another link, or written over. It looks every
// second, because what is behind a chain of links cannot be waited for, and takes what has stayed
// the same for one of them: both files of a pair. What cannot be used is a warning, and what was
// there stays. Main thread only.
class TlsFileWatch {
 public:
  using OnChanged = std::function<void(TlsCertificate certificate)>;
  TlsFileWatch(TlsFiles files, OnChanged on_changed);
  ~TlsFileWatch();
  TlsFileWatch(const TlsFileWatch&) = delete;
  TlsFileWatch& operator=(const TlsFileWatch&) = delete;

  // What the timer does.
  void poll();

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    time_t seconds = 0;
    long nanoseconds = 0;
    off_t size = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 2>;
  Stamps read_stamps() const;

  const TlsFiles files_;
  const OnChanged on_changed_;
  Stamps taken_;
  Stamps seen_;
  guint timer_ = 0;
};

}  // namespace gstlk::net
