// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a fuzz target over its corpus where libFuzzer is not linked: each argument is a file or a
// folder of files. Every input is also cut short at each length up to 512 bytes and beyond that at
// a few places, so that a parser which runs past the end is found by the sanitizers without a
// fuzzer.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(file)),
                                   std::istreambuf_iterator<char>());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  for (size_t length = 0; length < bytes.size();
       length += length < 512 ? 1 : bytes.size() / 16 + 1) {
    // A copy of its own, so that the sanitizer sees the end of the buffer.
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<long>(length));
    LLVMFuzzerTestOneInput(cut.data(), cut.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
        replay(entry.path());
        ++inputs;
      }
    } else {
      replay(argv[i]);
      ++inputs;
    }
  }
  printf("%zu inputs replayed\n", inputs);
  return inputs == 0 ? 1 : 0;
}
