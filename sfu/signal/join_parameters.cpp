// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/join_parameters.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "livekit/base64.h"
#include "livekit/json.h"
#include "signal/inflate.h"
#include "signal/user_agent.h"

namespace gstlk::signal {
namespace {

using Client = ::livekit::ClientInfo;
using room::refuse;

constexpr unsigned kBadRequest = 400;
// Of base64 text, which is shorter than what it unpacks to in any honest request.
constexpr size_t kMaxParameter = 2 * kMaxJoinRequestSize;

constexpr int kMaxCapabilities = 32;

constexpr std::array<std::pair<std::string_view, Client::SDK>, 16> kSdks = {{
    {"android", Client::ANDROID},
    {"cpp", Client::CPP},
    {"esp32", Client::ESP32},
    {"flutter", Client::FLUTTER},
    {"go", Client::GO},
    {"ios", Client::SWIFT},
    {"js", Client::JS},
    {"node", Client::NODE},
    {"python", Client::PYTHON},
    {"react_native", Client::REACT_NATIVE},
    {"reactnative", Client::REACT_NATIVE},
    {"rust", Client::RUST},
    {"swift", Client::SWIFT},
    {"unity", Client::UNITY},
    {"unityweb", Client::UNITY_WEB},
    {"unreal", Client::UNREAL},
}};

// The first of that name.
std::string_view value_of(const Query& query, std::string_view name) {
  const auto found = std::ranges::find(
      query, name, [](const auto& pair) -> std::string_view { return pair.first; });
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

bool flag(std::string_view text, bool otherwise) {
  if (text.empty()) return otherwise;
  return text == "1" || text == "true";
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<std::string> decode(std::string_view text) {
  if (text.size() > kMaxParameter) return std::nullopt;
  // A '+' that was not escaped arrives as a space.
  std::string restored(text);
  std::ranges::replace(restored, ' ', '+');
  const auto bytes = livekit::decode_base64(restored);
  if (!bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

std::optional<std::map<std::string, std::string>> parse_attributes(std::string_view text) {
  const auto json = decode(text);
  if (!json) return std::nullopt;
  const livekit::JsonPtr root = livekit::parse_json(*json);
  if (!root || !JSON_NODE_HOLDS_OBJECT(root.get())) return std::nullopt;
  std::map<std::string, std::string> attributes;
  json_object_foreach_member(
      json_node_get_object(root.get()),
      [](JsonObject*, const char* name, JsonNode* value, gpointer data) {
        if (const char* string = json_node_get_string(value))
          (*static_cast<std::map<std::string, std::string>*>(data))[name] = string;
      },
      &attributes);
  return attributes;
}

// Everybody is told of them; each once. The newest clients may know some that we do not.
void add_capability(int capability, Client& client) {
  if (client.capabilities_size() < kMaxCapabilities &&
      std::ranges::count(client.capabilities(), capability) == 0)
    client.add_capabilities(static_cast<Client::Capability>(capability));
}

void parse_capabilities(std::string_view text, Client& client) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    Client::Capability capability;
    if (Client::Capability_Parse(std::string(text.substr(0, comma)), &capability))
      add_capability(capability, client);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
}

void tidy_capabilities(Client& client) {
  const auto said = std::move(*client.mutable_capabilities());
  client.clear_capabilities();
  for (const int capability : said) add_capability(capability, client);
}

void parse_client(const Query& query, Client& client) {
  const std::string_view sdk = value_of(query, "sdk");
  for (const auto& [name, value] : kSdks) {
    if (name == sdk) client.set_sdk(value);
  }
  const auto text = [&](std::string_view name) { return std::string(value_of(query, name)); };
  client.set_version(text("version"));
  client.set_protocol(number(value_of(query, "protocol")));
  client.set_client_protocol(number(value_of(query, "client_protocol")));
  client.set_os(text("os"));
  client.set_os_version(text("os_version"));
  client.set_device_model(text("device_model"));
  client.set_browser(text("browser"));
  client.set_browser_version(text("browser_version"));
  client.set_network(text("network"));
  parse_capabilities(value_of(query, "capabilities"), client);
}

JoinParameters from_query(const Query& query) {
  JoinParameters parameters;
  parse_client(query, parameters.client);
  parameters.auto_subscribe = flag(value_of(query, "auto_subscribe"), true);
  parameters.auto_subscribe_data_track = flag(value_of(query, "auto_subscribe_data_track"), false);
  parameters.adaptive_stream = flag(value_of(query, "adaptive_stream"), false);
  if (const auto pause = value_of(query, "subscriber_allow_pause"); !pause.empty())
    parameters.subscriber_allow_pause = flag(pause, false);
  parameters.reconnect = flag(value_of(query, "reconnect"), false);
  const int reason = number(value_of(query, "reconnect_reason"));
  if (::livekit::ReconnectReason_IsValid(reason))
    parameters.reconnect_reason = static_cast<::livekit::ReconnectReason>(reason);
  parameters.participant_sid = value_of(query, "sid");
  parameters.publish = value_of(query, "publish");
  if (const auto text = value_of(query, "attributes"); !text.empty()) {
    auto attributes = parse_attributes(text);
    parameters.attributes_unreadable = !attributes;
    if (attributes) parameters.attributes = std::move(*attributes);
  }
  return parameters;
}

Result<::livekit::JoinRequest, room::HttpError> unwrap(std::string_view text) {
  const auto bytes = decode(text);
  if (!bytes) return refuse(kBadRequest, "cannot base64 decode wrapped join request");
  ::livekit::WrappedJoinRequest wrapped;
  if (!wrapped.ParseFromString(*bytes))
    return refuse(kBadRequest, "cannot unmarshal wrapped join request");
  std::string plain;
  if (wrapped.compression() == ::livekit::WrappedJoinRequest::GZIP) {
    auto inflated = inflate_gzip(wrapped.join_request(), kMaxJoinRequestSize);
    if (inflated.fault == InflateFault::TooLarge)
      return refuse(kBadRequest, "join request too large");
    if (inflated.fault != InflateFault::None)
      return refuse(kBadRequest, "cannot decompress join request");
    plain = std::move(inflated.bytes);
  } else {
    plain = std::move(*wrapped.mutable_join_request());
  }
  if (plain.size() > kMaxJoinRequestSize) return refuse(kBadRequest, "join request too large");
  ::livekit::JoinRequest request;
  if (!request.ParseFromString(plain)) return refuse(kBadRequest, "cannot unmarshal join request");
  return request;
}

JoinParameters from_request(::livekit::JoinRequest& request) {
  JoinParameters parameters;
  parameters.single_peer_connection = true;
  const ::livekit::ConnectionSettings& settings = request.connection_settings();
  // What is missing is false here, other than in the query.
  parameters.auto_subscribe = settings.auto_subscribe();
  parameters.auto_subscribe_data_track = settings.auto_subscribe_data_track();
  parameters.adaptive_stream = settings.adaptive_stream();
  // LiveKit takes what is missing for false: its configuration says nothing to newer clients, which
  // do not send it.
  if (settings.has_subscriber_allow_pause())
    parameters.subscriber_allow_pause = settings.subscriber_allow_pause();
  parameters.reconnect = request.reconnect();
  parameters.reconnect_reason = request.reconnect_reason();
  parameters.participant_sid = request.participant_sid();
  parameters.metadata = request.metadata();
  parameters.attributes.insert(request.participant_attributes().begin(),
                               request.participant_attributes().end());
  for (auto& track : *request.mutable_add_track_requests())
    parameters.add_track_requests.push_back(std::move(track));
  if (request.has_publisher_offer())
    parameters.publisher_offer = std::move(*request.mutable_publisher_offer());
  parameters.client = std::move(*request.mutable_client_info());
  tidy_capabilities(parameters.client);
  return parameters;
}

}  // namespace

Result<JoinParameters, room::HttpError> parse_join_parameters(SignalPath path, const Query& query,
                                                              std::string_view user_agent,
                                                              std::string_view address) {
  const std::string_view wrapped = value_of(query, "join_request");
  if (wrapped.empty() && path == SignalPath::V1)
    return refuse(kBadRequest, "join_request is required");
  JoinParameters parameters;
  if (wrapped.empty()) {
    parameters = from_query(query);
  } else {
    auto request = unwrap(wrapped);
    if (!request) return Unexpected<room::HttpError>{request.error()};
    parameters = from_request(*request);
  }
  parameters.client.set_address(std::string(address));
  describe_browser(user_agent, parameters.client);
  return parameters;
}

}  // namespace gstlk::signal
