// Products of small matrices on one thread, summed in float32, by oneDNN's micro kernels. For the .cpp files of this
// library only.
#pragma once

#include <cstdint>

namespace ctorch {

/// Whether the kernels are there: they need a processor with AVX-512 and a torch that was built with them.
bool block_products_are_there();

/// a [m, k] times b [k, n] is c [m, n], or is added to it. Rows lie `row_a`, `row_b` and `row_c` values apart.
void block_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t row_a, const float *b, int64_t row_b,
                   float *c, int64_t row_c, bool adds = false);

/// Whether products of bfloat16 are quicker than those of float32: without the instructions they would be slower.
bool bfloat16_products_are_there();

/// As for float32, of the bits of bfloat16. `k` is even, and `b` holds pairs of what follows each other in `k`: rows
/// 2 i and 2 i + 1 are one row of `n` pairs, `row_b` pairs apart.
void block_product(int64_t m, int64_t n, int64_t k, const uint16_t *a, int64_t row_a, const uint32_t *b, int64_t row_b,
                   float *c, int64_t row_c, bool adds = false);

} // namespace ctorch
