// Attention over blocks of queries whose scores stay in the caches, with oneDNN's micro kernels for products of small
// matrices. ATen's own kernel for the CPU does the same with MKL's products; see Linear.cpp.
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "AcceleratorForms.h"
#include "BlockProduct.h"
#include "Exponential.h"
#include "FastKernels.h"
#include "Guard.h"
#include "Lanes.h"
#include "Parallel.h"
#include "Processors.h"
#include "ctorch_nn.h"

using namespace ctorch;

namespace {

void scale_and_add(float *scores, const float *bias, int64_t count, float scale) {
  for (int64_t i = 0; i < count; i++)
    scores[i] = scores[i] * scale + bias[i];
}

float greatest_of(const float *scores, int64_t count) {
  float greatest[lanes];
  std::fill(greatest, greatest + lanes, -std::numeric_limits<float>::infinity());
  const int64_t whole = count / lanes * lanes;
  for (int64_t i = 0; i < whole; i += lanes)
    for (int lane = 0; lane < lanes; lane++)
      greatest[lane] = scores[i + lane] > greatest[lane] ? scores[i + lane] : greatest[lane];
  float most = *std::max_element(greatest, greatest + lanes);
  for (int64_t i = whole; i < count; i++)
    most = std::max(most, scores[i]);
  return most;
}

/// Scores to e^(scale · (score − greatest)); gives their sum.
float exponentiate(float *scores, int64_t count, float greatest, float scale) {
  float sums[lanes] = {};
  const int64_t whole = count / lanes * lanes;
  for (int64_t i = 0; i < whole; i += lanes)
    for (int lane = 0; lane < lanes; lane++) {
      const float power = exponential(scale * (scores[i + lane] - greatest));
      scores[i + lane] = power;
      sums[lane] += power;
    }
  double sum = total(sums);
  for (int64_t i = whole; i < count; i++)
    sum += scores[i] = exponential(scale * (scores[i] - greatest));
  return static_cast<float>(sum);
}

void multiply(const float *x, float factor, float *y, int64_t count) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++)
    y[i] = x[i] * factor;
}

/// Keys and values of a head in blocks of so many, each block of keys transposed and without gaps.
struct Packed {
  at::Tensor keys, values;
  int64_t block;
};

Packed pack(const at::Tensor &key, const at::Tensor &value, int64_t block) {
  const int64_t count = key.size(0), heads = key.size(1), length = key.size(2), width = key.size(3);
  auto make = [&] { return at::empty({count * heads, length, width}, key.options()); };
  Packed packed{make(), make(), block};
  float *keys = packed.keys.mutable_data_ptr<float>(), *values = packed.values.mutable_data_ptr<float>();
  parallel_for(0, count * heads, 1, [&](int64_t first, int64_t last) {
    for (int64_t head = first; head < last; head++) {
      const float *k = key.const_data_ptr<float>() + head / heads * key.stride(0) + head % heads * key.stride(1);
      const float *v = value.const_data_ptr<float>() + head / heads * value.stride(0) + head % heads * value.stride(1);
      for (int64_t i = 0; i < length; i++)
        std::memcpy(values + (head * length + i) * width, v + i * value.stride(2), width * sizeof(float));
      for (int64_t start = 0; start < length; start += block) {
        const int64_t here = std::min(block, length - start);
        float *target = keys + (head * length + start) * width;
        for (int64_t tile = 0; tile < here; tile += lanes)
          for (int64_t j = 0; j < width; j++)
            for (int64_t i = tile; i < std::min(tile + lanes, here); i++)
              target[j * here + i] = k[(start + i) * key.stride(2) + j];
      }
    }
  });
  return packed;
}

/// Queries [N, heads, L, d], keys and values [N, heads, S, d], bias [S] or none. The softmax is taken block by block
/// (Milakov and Gimelshein, arXiv 1805.02867): what was added up is made smaller where a greater score is found.
at::Tensor attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                     const std::optional<at::Tensor> &bias) {
  const int64_t count = query.size(0), heads = query.size(1), length = query.size(2), width = query.size(3),
                keys = key.size(2);
  // So that keys, values and scores of a block stay in a core's cache.
  const int64_t rows = width <= 128 ? 128 : 64, block = width <= 128 ? 512 : 256;
  const auto packed = pack(key, value, block);
  // In this order of memory, the heads of a token lie side by side, as the projection after attention wants them.
  auto result = at::empty({count, length, heads, width}, query.options()).transpose(1, 2);
  const float *shifts = bias ? bias->const_data_ptr<float>() : nullptr;
  const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
  const int64_t query_blocks = (length + rows - 1) / rows;
  parallel_for(0, count * heads * query_blocks, 1, [&](int64_t first, int64_t last) {
    std::vector<float> scores(rows * block), sum(rows), greatest(rows), weighted(rows * width);
    for (int64_t item = first; item < last; item++) {
      const int64_t head = item / query_blocks, start = item % query_blocks * rows,
                    here = std::min(rows, length - start);
      const float *queries = query.const_data_ptr<float>() + head / heads * query.stride(0) +
                             head % heads * query.stride(1) + start * query.stride(2);
      for (int64_t from = 0; from < keys; from += block) {
        const int64_t size = std::min(block, keys - from), place = (head * keys + from) * width;
        block_product(here, size, width, queries, query.stride(2), packed.keys.const_data_ptr<float>() + place, size,
                      scores.data(), size);
        for (int64_t row = 0; row < here; row++) {
          float *of_row = scores.data() + row * size;
          if (shifts != nullptr)
            vectorized<scale_and_add>(of_row, shifts + from, size, scale);
          const float unit = shifts != nullptr ? 1.0f : scale,
                      most = std::max(vectorized<greatest_of>(of_row, size), -1e30f);
          if (from == 0) {
            greatest[row] = most;
            sum[row] = 0;
          } else if (most > greatest[row]) {
            const float factor = exponential(unit * (greatest[row] - most));
            vectorized<multiply>(weighted.data() + row * width, factor, weighted.data() + row * width, width);
            sum[row] *= factor;
            greatest[row] = most;
          }
          sum[row] += vectorized<exponentiate>(of_row, size, greatest[row], unit);
        }
        block_product(here, width, size, scores.data(), size, packed.values.const_data_ptr<float>() + place, width,
                      weighted.data(), width, from != 0);
      }
      float *target = result.mutable_data_ptr<float>() + head / heads * result.stride(0) +
                      head % heads * result.stride(1) + start * result.stride(2);
      for (int64_t row = 0; row < here; row++) {
        // No term is over 1: a larger sum is of scores that are no numbers, which the exponential does not show.
        const float inverse = sum[row] <= 1.01f * static_cast<float>(keys) ? 1 / sum[row] : NAN;
        vectorized<multiply>(weighted.data() + row * width, inverse, target + row * result.stride(2), width);
      }
    }
  });
  return result;
}

bool is_plain(const at::Tensor &x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && x.stride(3) == 1;
}

} // namespace

ct_status ct_scaled_dot_product_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor bias, bool causal,
                                          ct_tensor *out) {
  return guard([&] {
    const auto &q = unwrap(query), &k = unwrap(key), &v = unwrap(value);
    const auto b = unwrap_optional(bias);
    // A bias of the keys alone is what merged tokens need.
    const bool is_known = !b || (b->is_cpu() && b->scalar_type() == at::kFloat && b->is_contiguous() &&
                                 b->numel() == k.size(-2) && b->size(-1) == k.size(-2));
    // Flash attention on accelerators takes heads of at most 256.
    if (takes_accelerator_form(q) && !causal && !b && q.dim() == 4 && q.size(3) > 256 && q.numel() > 0 && k.numel() > 0)
      *out = wrap(wide_attention(q, k, v));
    else if (unrecorded_fast_kernels_allowed() && !accelerator_forms_are_forced() && !causal && is_known &&
             is_plain(q) && is_plain(k) && is_plain(v) && k.sizes() == v.sizes() && q.size(0) == k.size(0) &&
             q.size(1) == k.size(1) && q.size(3) == k.size(3) && q.numel() > 0 && k.numel() > 0 &&
             block_products_are_there())
      *out = wrap(attention(q, k, v, b));
    else
      *out = wrap(at::scaled_dot_product_attention(q, k, v, b, 0.0, causal));
  });
}
