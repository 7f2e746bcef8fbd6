// float32 to bfloat16 for loops over vector registers. For the .cpp files of this library only.
#pragma once

#include <cstdint>
#include <cstring>

namespace ctorch {

/// The bits of the nearest bfloat16, of two the even one; what is no number stays none.
inline uint32_t bfloat16_bits(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const uint32_t nearest = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : nearest;
}

/// `count` values to bfloat16.
inline void round_row(const float *x, uint16_t *y, int64_t count) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++)
    y[i] = static_cast<uint16_t>(bfloat16_bits(x[i]));
}

/// Two rows of `count` values to one of pairs, the value of `x` first.
inline void round_pairs(const float *x, const float *y, uint32_t *pairs, int64_t count) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++)
    pairs[i] = bfloat16_bits(x[i]) | bfloat16_bits(y[i]) << 16;
}

} // namespace ctorch
