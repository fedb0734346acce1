// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/dependency_descriptor.h"

#include <algorithm>

#include "rtp/codec/bit_reader.h"

namespace gstlk::rtp {

namespace {

constexpr size_t kMaxTemplates = 64;
constexpr size_t kMandatorySize = 3;
constexpr size_t kFlagBits = 5;

struct Template {
  uint8_t spatial = 0;
  uint8_t temporal = 0;
  uint8_t frame_diff_count = 0;
  uint64_t indications = 0;
  std::array<uint8_t, kMaxFrameDiffs> frame_diffs{};
  std::array<uint8_t, kMaxChains> chain_diffs{};
};

// template_dependency_structure() of section A.8.2.
struct TemplateStructure {
  uint8_t id_offset = 0;
  uint8_t target_count = 0;
  uint8_t chain_count = 0;
  uint8_t template_count = 0;
  uint16_t width = 0;
  uint16_t height = 0;
  std::array<uint8_t, kMaxDecodeTargets> target_chain{};
  std::array<uint8_t, kMaxDecodeTargets> target_spatial{};
  std::array<uint8_t, kMaxDecodeTargets> target_temporal{};
  std::array<Template, kMaxTemplates> templates;

  std::span<Template> used() { return std::span(templates).first(template_count); }
  uint32_t all_targets() const { return static_cast<uint32_t>((uint64_t{1} << target_count) - 1); }
};

bool read_layers(BitReader& bits, TemplateStructure& out) {
  Template current;
  for (size_t i = 0; i < kMaxTemplates; ++i) {
    out.templates[i] = current;
    out.template_count = static_cast<uint8_t>(i + 1);
    switch (bits.bits(2)) {
      case 0:
        break;
      case 1:
        if (++current.temporal > 7) return false;
        break;
      case 2:
        current.temporal = 0;
        if (++current.spatial > 3) return false;
        break;
      default:
        return bits.ok();
    }
  }
  return false;
}

uint64_t read_indications(BitReader& bits, uint8_t target_count) {
  uint64_t indications = 0;
  for (uint8_t target = 0; target < target_count; ++target)
    indications |= uint64_t{bits.bits(2)} << (2 * target);
  return indications;
}

bool read_template_diffs(BitReader& bits, Template& out) {
  while (bits.flag()) {
    if (out.frame_diff_count == kMaxFrameDiffs) return false;
    out.frame_diffs[out.frame_diff_count++] = static_cast<uint8_t>(bits.bits(4) + 1);
  }
  return true;
}

bool read_chains(BitReader& bits, TemplateStructure& out) {
  const uint32_t chains = bits.non_symmetric(out.target_count + 1u);
  if (chains > kMaxChains) return false;
  out.chain_count = static_cast<uint8_t>(chains);
  if (chains == 0) return true;
  for (size_t i = 0; i < out.target_count; ++i)
    out.target_chain[i] = static_cast<uint8_t>(bits.non_symmetric(chains));
  for (Template& t : out.used())
    for (size_t chain = 0; chain < chains; ++chain)
      t.chain_diffs[chain] = static_cast<uint8_t>(bits.bits(4));
  return true;
}

// decode_target_layers() of section A.8.2: a target is as high as the highest template in it.
void derive_target_layers(TemplateStructure& out) {
  for (size_t target = 0; target < out.target_count; ++target) {
    for (const Template& t : out.used()) {
      if ((t.indications >> (2 * target) & 3) == 0) continue;
      out.target_spatial[target] = std::max(out.target_spatial[target], t.spatial);
      out.target_temporal[target] = std::max(out.target_temporal[target], t.temporal);
    }
  }
}

bool read_structure(BitReader& bits, TemplateStructure& out) {
  out.id_offset = static_cast<uint8_t>(bits.bits(6));
  out.target_count = static_cast<uint8_t>(bits.bits(5) + 1);
  if (!read_layers(bits, out)) return false;
  for (Template& t : out.used()) t.indications = read_indications(bits, out.target_count);
  for (Template& t : out.used())
    if (!read_template_diffs(bits, t)) return false;
  if (!read_chains(bits, out)) return false;
  derive_target_layers(out);
  if (bits.flag()) {
    const uint8_t highest = out.templates[out.template_count - 1].spatial;
    for (uint8_t layer = 0; layer <= highest; ++layer) {
      out.width = static_cast<uint16_t>(bits.bits(16) + 1);
      out.height = static_cast<uint16_t>(bits.bits(16) + 1);
    }
  }
  return bits.ok();
}

struct Mandatory {
  bool first_packet = false;
  bool last_packet = false;
  uint8_t template_id = 0;
  uint16_t frame_number = 0;
};

Mandatory read_mandatory(BitReader& bits) {
  Mandatory fields;
  fields.first_packet = bits.flag();
  fields.last_packet = bits.flag();
  fields.template_id = static_cast<uint8_t>(bits.bits(6));
  fields.frame_number = static_cast<uint16_t>(bits.bits(16));
  return fields;
}

// The first five bits of extended_descriptor_fields().
struct Flags {
  bool structure = false;
  bool active_targets = false;
  bool custom_indications = false;
  bool custom_frame_diffs = false;
  bool custom_chains = false;
};

Flags read_flags(BitReader& bits) {
  Flags flags;
  flags.structure = bits.flag();
  flags.active_targets = bits.flag();
  flags.custom_indications = bits.flag();
  flags.custom_frame_diffs = bits.flag();
  flags.custom_chains = bits.flag();
  return flags;
}

bool read_frame_diffs(BitReader& bits, FrameDependency& out) {
  out.frame_diff_count = 0;
  while (const uint32_t size = bits.bits(2)) {
    if (out.frame_diff_count == kMaxFrameDiffs) return false;
    out.frame_diffs[out.frame_diff_count++] = static_cast<uint16_t>(bits.bits(4 * size) + 1);
  }
  return true;
}

void apply_template(const TemplateStructure& structure, const Template& t, FrameDependency& out) {
  out.spatial = t.spatial;
  out.temporal = t.temporal;
  out.target_count = structure.target_count;
  out.chain_count = structure.chain_count;
  out.indications = t.indications;
  out.frame_diff_count = t.frame_diff_count;
  std::ranges::copy(t.frame_diffs, out.frame_diffs.begin());
  out.chain_diffs = t.chain_diffs;
  out.target_spatial = structure.target_spatial;
  out.target_temporal = structure.target_temporal;
  out.target_chain = structure.target_chain;
}

}  // namespace

struct DependencyDescriptorParser::State {
  bool has_structure = false;
  TemplateStructure structure;
  TemplateStructure incoming;  // while it is being read
  int64_t structure_frame = 0;
  uint32_t active_targets = 0;
  int64_t newest_frame = 0;

  int64_t unwrap(uint16_t frame_number) const {
    if (!has_structure) return frame_number;
    return newest_frame + static_cast<int16_t>(frame_number - static_cast<uint16_t>(newest_frame));
  }
};

DependencyDescriptorParser::DependencyDescriptorParser() : state_(std::make_unique<State>()) {}
DependencyDescriptorParser::~DependencyDescriptorParser() = default;
DependencyDescriptorParser::DependencyDescriptorParser(DependencyDescriptorParser&&) noexcept =
    default;
DependencyDescriptorParser& DependencyDescriptorParser::operator=(
    DependencyDescriptorParser&&) noexcept = default;

void DependencyDescriptorParser::reset() { *state_ = State{}; }

std::optional<FrameDependency> DependencyDescriptorParser::parse(ByteView extension) {
  State& state = *state_;
  BitReader bits(extension);
  const Mandatory fields = read_mandatory(bits);
  const Flags flags = extension.size() > kMandatorySize ? read_flags(bits) : Flags{};
  if (!bits.ok()) return std::nullopt;

  FrameDependency out;
  out.frame_number = state.unwrap(fields.frame_number);
  out.first_packet_in_frame = fields.first_packet;
  out.last_packet_in_frame = fields.last_packet;
  out.has_structure = flags.structure;
  if (flags.structure) {
    state.incoming = TemplateStructure{};
    if (!read_structure(bits, state.incoming)) return std::nullopt;
  }
  // A structure that arrives late must not replace a newer one.
  const bool late = state.has_structure && out.frame_number < state.structure_frame;
  if (late || (!flags.structure && !state.has_structure)) return std::nullopt;
  const TemplateStructure& structure = flags.structure ? state.incoming : state.structure;

  const size_t index = (fields.template_id + kMaxTemplates - structure.id_offset) % kMaxTemplates;
  if (index >= structure.template_count) return std::nullopt;
  apply_template(structure, structure.templates[index], out);
  out.active_targets = flags.structure ? structure.all_targets() : state.active_targets;
  out.has_active_targets = flags.structure || flags.active_targets;
  if (flags.active_targets) out.active_targets = bits.bits(structure.target_count);
  if (flags.custom_indications) out.indications = read_indications(bits, structure.target_count);
  if (flags.custom_frame_diffs && !read_frame_diffs(bits, out)) return std::nullopt;
  if (flags.custom_chains)
    for (size_t chain = 0; chain < structure.chain_count; ++chain)
      out.chain_diffs[chain] = static_cast<uint8_t>(bits.bits(8));
  if (!bits.ok()) return std::nullopt;

  if (flags.structure) {
    state.structure = state.incoming;
    state.structure_frame = out.frame_number;
    out.width = state.structure.width;
    out.height = state.structure.height;
  }
  out.structure_frame = state.structure_frame;
  const bool newest = !state.has_structure || out.frame_number >= state.newest_frame;
  if (newest) {
    state.newest_frame = out.frame_number;
    state.active_targets = out.active_targets;
  }
  state.has_structure = true;
  return out;
}

namespace {

// Appends bits, most significant first, to bytes that are zero.
class BitWriter {
 public:
  explicit BitWriter(std::span<uint8_t> out) : out_(out) {}

  bool ok() const { return position_ <= out_.size() * 8; }
  size_t size() const { return (position_ + 7) / 8; }

  void bits(uint32_t value, unsigned count) {
    for (; count > 0; --count, ++position_)
      if (position_ < out_.size() * 8 && (value >> (count - 1) & 1))
        out_[position_ / 8] |= static_cast<uint8_t>(0x80 >> position_ % 8);
  }
  void copy(BitReader& from, size_t count) {
    for (; count >= 32; count -= 32) bits(from.bits(32), 32);
    bits(from.bits(static_cast<unsigned>(count)), static_cast<unsigned>(count));
  }

 private:
  std::span<uint8_t> out_;
  size_t position_ = 0;
};

// With the active decode targets set: mandatory fields, flags, the structure if there is one, the
// new bitmask, and the rest as it was.
size_t write_with_targets(ByteView original, const DependencyDescriptorEdit& edit,
                          std::span<uint8_t> out) {
  BitReader reader(original);
  const Mandatory fields = read_mandatory(reader);
  const Flags flags = original.size() > kMandatorySize ? read_flags(reader) : Flags{};
  const size_t structure_start = reader.position();
  TemplateStructure structure;
  if (flags.structure && !read_structure(reader, structure)) return 0;
  const size_t structure_bits = reader.position() - structure_start;
  if (flags.active_targets) reader.skip(edit.target_count);
  if (!reader.ok()) return 0;

  std::ranges::fill(out, uint8_t{0});
  BitWriter writer(out);
  writer.bits(fields.first_packet, 1);
  writer.bits(fields.last_packet, 1);
  writer.bits(fields.template_id, 6);
  writer.bits(edit.frame_number, 16);
  writer.bits(flags.structure, 1);
  writer.bits(1, 1);
  writer.bits(flags.custom_indications, 1);
  writer.bits(flags.custom_frame_diffs, 1);
  writer.bits(flags.custom_chains, 1);
  if (flags.structure) {
    BitReader again(original);
    again.skip(8 * kMandatorySize + kFlagBits);
    writer.copy(again, structure_bits);
  }
  writer.bits(edit.active_targets, edit.target_count);
  const bool custom = flags.custom_indications || flags.custom_frame_diffs || flags.custom_chains;
  if (custom) writer.copy(reader, original.size() * 8 - reader.position());
  return reader.ok() && writer.ok() ? writer.size() : 0;
}

}  // namespace

size_t write_dependency_descriptor(ByteView original, const DependencyDescriptorEdit& edit,
                                   std::span<uint8_t> out) {
  if (original.size() < kMandatorySize || edit.target_count > kMaxDecodeTargets) return 0;
  if (edit.present && edit.target_count > 0) return write_with_targets(original, edit, out);
  if (out.size() < original.size()) return 0;
  std::ranges::copy(original, out.begin());
  if (edit.present) store_u16(&out[1], edit.frame_number);
  return original.size();
}

}  // namespace gstlk::rtp
