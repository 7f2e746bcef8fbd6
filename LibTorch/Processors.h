// Compiles a function once for each generation of vector registers, and calls the one that suits this machine.
#pragma once

namespace ctorch {

enum class Vectors { narrow, avx2, avx512 };

/// The widest vectors that the processor has and that torch's and oneDNN's own variables allow (ATEN_CPU_CAPABILITY,
/// ONEDNN_MAX_CPU_ISA): they speak for these kernels too.
Vectors widest_vectors();

/// Whether the processor has instructions for products of bfloat16, and the same variables allow them.
bool has_bfloat16();

#if defined(__x86_64__)
#define CTORCH_COMPILED_FOR(processor) __attribute__((target("arch=" processor), flatten))
template <auto function, typename... Arguments>
CTORCH_COMPILED_FOR("x86-64-v4")
auto call_avx512(Arguments... arguments) {
  return function(arguments...);
}
template <auto function, typename... Arguments>
CTORCH_COMPILED_FOR("x86-64-v3")
auto call_avx2(Arguments... arguments) {
  return function(arguments...);
}
#undef CTORCH_COMPILED_FOR
#endif

/// `function(arguments...)`, compiled for these vectors.
template <auto function, typename... Arguments> inline auto vectorized(Arguments... arguments) {
#if defined(__x86_64__)
  switch (widest_vectors()) {
  case Vectors::avx512:
    return call_avx512<function>(arguments...);
  case Vectors::avx2:
    return call_avx2<function>(arguments...);
  case Vectors::narrow:
    break;
  }
#endif
  return function(arguments...);
}

} // namespace ctorch
