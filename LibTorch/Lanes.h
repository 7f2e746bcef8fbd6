// Sums of many floats in a way that uses vector registers and keeps digits. For the .cpp files of this library only.
#pragma once

namespace ctorch {

/// Sums in so many lanes, which is what lets the compiler use vector registers.
constexpr int lanes = 16;

inline double total(const float *sums) {
  double sum = 0;
  for (int lane = 0; lane < lanes; lane++)
    sum += sums[lane];
  return sum;
}

} // namespace ctorch
