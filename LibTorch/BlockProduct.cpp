#include "BlockProduct.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/native/CPUBlas.h>

bool ctorch::block_products_are_there() {
  // Elsewhere brgemm works too, as a product for large matrices that is slow for these.
  static const bool found = at::globalContext().hasMKLDNN() && at::get_cpu_capability().rfind("AVX512", 0) == 0;
  return found;
}

void ctorch::block_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t row_a, const float *b,
                           int64_t row_b, float *c, int64_t row_c, bool adds) {
  at::native::cpublas::brgemm(m, n, k, row_a, row_b, row_c, adds, a, b, c);
}
