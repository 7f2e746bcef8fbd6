// e^x for loops over vector registers. For the .cpp files of this library only.
#pragma once

#include <cstdint>
#include <cstring>

namespace ctorch {

/// e^x to about two units in the last place: 2^n times a polynomial (Cephes, expf). Below -87.3 it is 0, above 89 about
/// 2^127. Limits are put on whole numbers: on floats the compiler works the limits' results out apart, for all values,
/// and divisions with denormal results take longer than all the rest.
inline float exponential(float x) {
  const int32_t largest = 0x42c80000; // 100, as bits.
  int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const int32_t sign = bits & INT32_MIN;
  bits &= INT32_MAX;
  bits = (bits < largest ? bits : largest) | sign;
  std::memcpy(&x, &bits, sizeof x);
  const float magic = 12582912.0f; // 1.5 * 2^23: adding it rounds to a whole number.
  const float n = (x * 1.44269504088896341f + magic) - magic;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t exponent = static_cast<int32_t>(n) + 127;
  exponent = exponent > 0 ? exponent : 0;
  exponent = exponent < 254 ? exponent : 254;
  bits = exponent << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

} // namespace ctorch
