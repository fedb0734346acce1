// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/bytes.h"
#include "livekit/json.h"
#include "webhook/log.h"

namespace gstlk::webhook {
namespace {

constexpr size_t kBlock = 4096;
constexpr char kSuffix[] = ".event";
constexpr char kUnfinished[] = ".new";

// What happened is other people's business: who talks with whom, and when.
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

struct TextMember {
  const char* name;
  std::string& (*of)(Delivery&);
};
constexpr TextMember kTextMembers[] = {
    {"url", [](Delivery& d) -> std::string& { return d.route.url; }},
    {"resource", [](Delivery& d) -> std::string& { return d.route.resource; }},
    {"signingKey", [](Delivery& d) -> std::string& { return d.signing_key; }},
    {"event", [](Delivery& d) -> std::string& { return d.event; }},
    {"id", [](Delivery& d) -> std::string& { return d.event_id; }},
};
constexpr char kExtraMember[] = "extra";
// Of the body in bytes, so that a file that was cut off is known.
constexpr char kSizeMember[] = "size";

std::string to_file(Delivery delivery) {
  JsonObject* object = json_object_new();
  for (const TextMember& member : kTextMembers) {
    json_object_set_string_member(object, member.name, member.of(delivery).c_str());
  }
  json_object_set_boolean_member(object, kExtraMember, delivery.is_extra);
  json_object_set_int_member(object, kSizeMember, static_cast<gint64>(delivery.body.size()));
  const livekit::JsonPtr node(json_node_new(JSON_NODE_OBJECT));
  json_node_take_object(node.get(), object);
  return livekit::print_json(node.get()) + "\n" + delivery.body;
}

std::optional<Delivery> from_file(std::string_view text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const livekit::JsonPtr node = livekit::parse_json(text.substr(0, end));
  if (!node || !JSON_NODE_HOLDS_OBJECT(node.get())) return std::nullopt;
  JsonObject* object = json_node_get_object(node.get());
  Delivery delivery;
  for (const TextMember& member : kTextMembers) {
    const char* value = json_object_get_string_member_with_default(object, member.name, nullptr);
    if (!value) return std::nullopt;
    member.of(delivery) = value;
  }
  delivery.is_extra = json_object_get_boolean_member_with_default(object, kExtraMember, FALSE);
  delivery.body = text.substr(end + 1);
  const gint64 size = json_object_get_int_member_with_default(object, kSizeMember, -1);
  if (size != static_cast<gint64>(delivery.body.size())) return std::nullopt;
  return delivery;
}

std::optional<std::string> read_file(const std::string& path) {
  char* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path.c_str(), &data, &size, nullptr)) return std::nullopt;
  std::string text(data, size);
  g_free(data);
  return text;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Complete under its name, or not at all. Leaves errno.
bool write_file(const std::string& path, std::string_view text) {
  const std::string unfinished = path + kUnfinished;
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
  if (file < 0) return false;
  const bool written = write_all(file, text);
  const int error = errno;
  close(file);
  if (written && rename(unfinished.c_str(), path.c_str()) == 0) return true;
  if (!written) errno = error;
  const int reason = errno;
  unlink(unfinished.c_str());
  errno = reason;
  return false;
}

std::optional<DeliveryId> id_of(const std::string& name) {
  uint64_t number = 0;
  int end = 0;
  if (sscanf(name.c_str(), "%16" SCNx64 "%n", &number, &end) != 1) return std::nullopt;
  if (name.substr(static_cast<size_t>(end)) != kSuffix) return std::nullopt;
  return DeliveryId(number);
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* stream = opendir(directory.c_str());
  if (!stream) return names;
  while (const dirent* entry = readdir(stream)) names.emplace_back(entry->d_name);
  closedir(stream);
  return names;
}

size_t blocks(size_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::string& directory) {
  if (g_mkdir_with_parents(directory.c_str(), kDirectoryMode) != 0) {
    return fail("webhook.spool_dir: cannot make " + directory + ": " + strerror(errno) +
                "; name a directory that this user may write to, or make it");
  }
  const int lock = ::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (lock < 0) {
    return fail("webhook.spool_dir: cannot write in " + directory + ": " + strerror(errno) +
                "; name a directory that this user may write to");
  }
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return fail("webhook.spool_dir: " + directory +
                " is in use by another livekit-sfu; give each its own");
  }
  return std::unique_ptr<Spool>(new Spool(directory, lock));
}

Spool::Spool(std::string directory, int lock) : directory_(std::move(directory)), lock_(lock) {}

Spool::~Spool() { close(lock_); }

std::string Spool::path(DeliveryId id) const {
  char name[32];
  snprintf(name, sizeof name, "/%016" PRIx64 "%s", id.value, kSuffix);
  return directory_ + name;
}

std::vector<Spool::Found> Spool::list() {
  std::vector<Found> found;
  for (const std::string& name : names_in(directory_)) {
    if (name.ends_with(kUnfinished)) unlink((directory_ + "/" + name).c_str());
    const std::optional<DeliveryId> id = id_of(name);
    if (!id) continue;
    std::optional<Delivery> delivery = get(*id);
    if (!delivery) {
      LOG_WARNING(log_webhook, "%s: not a complete event, removed", path(*id).c_str());
      unlink(path(*id).c_str());
      continue;
    }
    const size_t size = cost(*delivery);
    delivery->body.clear();
    found.push_back({*id, std::move(*delivery), size});
  }
  std::ranges::sort(found, {}, &Found::id);
  return found;
}

void Spool::put(DeliveryId id, Delivery delivery) {
  if (write_file(path(id), to_file(delivery))) {
    is_failing_ = false;
    return;
  }
  if (!std::exchange(is_failing_, true)) {
    LOG_WARNING(log_webhook, "%s: cannot be written (%s): events are kept in memory",
                path(id).c_str(), strerror(errno));
  }
  unwritten_.put(id, std::move(delivery));
}

std::optional<Delivery> Spool::get(DeliveryId id) const {
  if (auto delivery = unwritten_.get(id)) return delivery;
  const std::optional<std::string> text = read_file(path(id));
  return text ? from_file(*text) : std::nullopt;
}

void Spool::remove(DeliveryId id) {
  unwritten_.remove(id);
  unlink(path(id).c_str());
}

size_t Spool::cost(const Delivery& delivery) const { return blocks(to_file(delivery).size()); }

}  // namespace gstlk::webhook
