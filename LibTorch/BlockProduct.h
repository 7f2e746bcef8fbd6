// Products of small float32 matrices on one thread, by oneDNN's micro kernels. For the .cpp files of this library only.
#pragma once

#include <cstdint>

namespace ctorch {

/// Whether the kernels are there: they need a processor with AVX-512 and a torch that was built with them.
bool block_products_are_there();

/// a [m, k] times b [k, n] is c [m, n], or is added to it. Rows lie `row_a`, `row_b` and `row_c` values apart.
void block_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t row_a, const float *b, int64_t row_b,
                   float *c, int64_t row_c, bool adds = false);

} // namespace ctorch
