// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/data_channels.h"

#include <algorithm>
#include <utility>

#include "plugins/sfu/receive_limits.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

namespace gstlk::sfu {
namespace {

constexpr size_t kMaxChannels = 64;

}  // namespace

void DataChannels::on_credit(std::function<void()> resume) {
  credit_ = std::make_shared<DataCredit>(std::move(resume));
}

void DataChannels::take_credit(Timestamp now) {
  credit_spent_ = false;
  update_receiving(now);
}

void DataChannels::set_rate(uint32_t per_second) { bucket_ = receive_bucket(per_second); }

void DataChannels::update_receiving(Timestamp now) {
  const Duration wait = bucket_ ? bucket_->wait_for(0, now) : Duration{};
  resumes_.reset();
  if (wait > Duration{}) resumes_ = now + wait;
  const bool receiving = !credit_spent_ && !resumes_;
  if (std::exchange(receiving_, receiving) != receiving) transport_.set_receiving_data(receiving);
}

void DataChannels::apply_credit(Timestamp now) {
  if (!credit_->is_spent()) return;
  credit_spent_ = credit_->stop();
  update_receiving(now);
}

void DataChannels::handle_timeout(Timestamp now) {
  if (resumes_ && now >= *resumes_) update_receiving(now);
}

// --- channels ---

void DataChannels::open(transport::DataChannelConfig config) {
  if (channels_.size() + unopened_.size() >= kMaxChannels) return;
  unopened_.push_back(std::move(config));
  if (transport_.connected()) handle_connected();
}

// Which streams are ours follows from the DTLS role: not before the connection is up.
void DataChannels::handle_connected() {
  if (unopened_.empty()) return;
  transport_.enable_data_channels();
  for (const transport::DataChannelConfig& config : std::exchange(unopened_, {})) {
    if (const auto id = transport_.open_channel(config)) {
      channels_.push_back({*id, config.label, false});
    }
  }
}

void DataChannels::handle(const transport::DataChannelOpened& opened) {
  const auto known = std::ranges::find(channels_, opened.id, &Channel::id);
  if (known != channels_.end()) {
    known->open = true;
  } else if (channels_.size() < kMaxChannels) {
    channels_.push_back({opened.id, opened.config.label, true});
  }
  if (const auto listener = listener_.lock()) listener->on_data_channel(opened.config.label);
}

void DataChannels::handle(const transport::DataChannelClosed& closed) {
  const auto channel = std::ranges::find(channels_, closed.id, &Channel::id);
  if (channel == channels_.end()) return;
  const std::string label = std::move(channel->label);
  channels_.erase(channel);
  const auto listener = listener_.lock();
  if (account_.update(label, 0) && listener) listener->on_data_low(label);
}

DataChannels::Channel* DataChannels::find(const std::string& label) {
  // The newest of a label: a client that restarted its side opens it again.
  for (size_t i = channels_.size(); i > 0; --i) {
    if (channels_[i - 1].label == label) return &channels_[i - 1];
  }
  return nullptr;
}

// --- messages ---

void DataChannels::send(const std::string& label, ByteView message) {
  const Channel* channel = find(label);
  if (!channel || !transport_.send_data(channel->id, message, true)) {
    GST_DEBUG("message of %zu bytes dropped: channel %s is %s", message.size(), label.c_str(),
              channel ? "full" : "not open");
  }
  account_.arrive(label, message.size(), channel ? transport_.waiting_data(channel->id) : 0);
}

void DataChannels::handle(transport::DataMessage& message, Timestamp now) {
  const auto channel = std::ranges::find(channels_, message.id, &Channel::id);
  if (bucket_) {
    bucket_->spend(message.bytes.size(), now);
    update_receiving(now);
  }
  const auto listener = listener_.lock();
  if (listener && channel != channels_.end()) {
    listener->on_data(channel->label, credit_->lend(std::move(message.bytes)).get());
  }
}

void DataChannels::poll() {
  if (!account_.is_watching()) return;
  const auto listener = listener_.lock();
  // By index: a listener may open channels.
  for (size_t i = 0; i < channels_.size(); ++i) {
    const std::string label = channels_[i].label;
    if (find(label) != &channels_[i]) continue;
    if (account_.update(label, transport_.waiting_data(channels_[i].id)) && listener)
      listener->on_data_low(label);
  }
}

}  // namespace gstlk::sfu
