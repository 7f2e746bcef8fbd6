#include "Processors.h"

#include <ATen/Version.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace {

using ctorch::Vectors;

/// The set that oneDNN's variable names, in capitals; empty for all.
std::string named_for_onednn() {
  const char *value = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (value == nullptr)
    value = std::getenv("DNNL_MAX_CPU_ISA");
  std::string name = value == nullptr ? "" : value;
  for (char &letter : name)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name;
}

Vectors allowed_by_onednn() {
  const std::string name = named_for_onednn();
  if (name == "SSE41" || name == "AVX")
    return Vectors::narrow;
  return name.rfind("AVX2", 0) == 0 ? Vectors::avx2 : Vectors::avx512;
}

Vectors allowed_by_torch() {
  const std::string capability = at::get_cpu_capability();
  if (capability.rfind("AVX512", 0) == 0)
    return Vectors::avx512;
  return capability == "AVX2" ? Vectors::avx2 : Vectors::narrow;
}

} // namespace

Vectors ctorch::widest_vectors() {
  static const Vectors widest = std::min(allowed_by_torch(), allowed_by_onednn());
  return widest;
}

bool ctorch::has_bfloat16() {
#if defined(__x86_64__)
  static const bool found = [] {
    const std::string name = named_for_onednn();
    return widest_vectors() == Vectors::avx512 && name != "AVX512_CORE" && name != "AVX512_CORE_VNNI" &&
           __builtin_cpu_supports("avx512bf16");
  }();
  return found;
#else
  return false;
#endif
}
