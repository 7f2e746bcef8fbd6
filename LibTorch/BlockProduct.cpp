#include "BlockProduct.h"

#include <ATen/Context.h>
#include <ATen/native/CPUBlas.h>

#include "Processors.h"

bool ctorch::block_products_are_there() {
  // Elsewhere brgemm works too, as a product for large matrices that is slow for these.
  return at::globalContext().hasMKLDNN() && widest_vectors() == Vectors::avx512;
}

void ctorch::block_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t row_a, const float *b,
                           int64_t row_b, float *c, int64_t row_c, bool adds) {
  at::native::cpublas::brgemm(m, n, k, row_a, row_b, row_c, adds, a, b, c);
}

bool ctorch::bfloat16_products_are_there() { return block_products_are_there() && has_bfloat16(); }

void ctorch::block_product(int64_t m, int64_t n, int64_t k, const uint16_t *a, int64_t row_a, const uint32_t *b,
                           int64_t row_b, float *c, int64_t row_c, bool adds) {
  at::native::cpublas::brgemm(m, n, k, row_a, row_b, row_c, adds, reinterpret_cast<const at::BFloat16 *>(a),
                              reinterpret_cast<const at::BFloat16 *>(b), c);
}
