// Attention over blocks of queries whose scores stay in the caches, with oneDNN's micro kernels for products of small
// matrices. ATen's own kernel for the CPU does the same with MKL's products; see Linear.cpp.
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
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
#include "Rounding.h"
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

/// What the products take: float32, or bfloat16 in pairs of what follows each other in a sum, the last with a zero
/// where the sum is of an odd number. A unit is a float or such a pair, of four bytes both.
struct Float {
  using Value = float;
  using Unit = float;
  static constexpr int64_t in_unit = 1;
};
struct BFloat16 {
  using Value = uint16_t;
  using Unit = uint32_t;
  static constexpr int64_t in_unit = 2;
};

template <typename Kind> int64_t units(int64_t count) { return (count + Kind::in_unit - 1) / Kind::in_unit; }

/// Keys and values of a head in blocks of so many, each block of keys transposed and without gaps: units [d, block] and
/// [block, d], the units along what the products sum.
struct Packed {
  at::Tensor keys, values;
};

template <typename Kind> const typename Kind::Unit *units_of(const at::Tensor &packed) {
  return static_cast<const typename Kind::Unit *>(packed.const_data_ptr());
}

/// A block of keys [count, d], which lie `distance` apart.
template <typename Kind>
void pack_keys(const float *keys, int64_t count, int64_t distance, int64_t width, typename Kind::Unit *target) {
  const int64_t height = units<Kind>(width);
  std::vector<typename Kind::Unit> rounded(Kind::in_unit > 1 ? lanes * height : 0);
  for (int64_t tile = 0; tile < count; tile += lanes) {
    const int64_t end = std::min<int64_t>(tile + lanes, count);
    if constexpr (Kind::in_unit > 1)
      for (int64_t i = tile; i < end; i++)
        vectorized<round_row>(keys + i * distance, reinterpret_cast<uint16_t *>(rounded.data() + (i - tile) * height),
                              width);
    for (int64_t j = 0; j < height; j++)
      for (int64_t i = tile; i < end; i++)
        if constexpr (Kind::in_unit > 1)
          target[j * count + i] = rounded[(i - tile) * height + j];
        else
          target[j * count + i] = keys[i * distance + j];
  }
}

/// All values [count, d] of a head.
template <typename Kind>
void pack_values(const float *values, int64_t count, int64_t distance, int64_t width, typename Kind::Unit *target) {
  const std::vector<float> nothing(width);
  for (int64_t i = 0; i < count; i += Kind::in_unit)
    if constexpr (Kind::in_unit > 1)
      vectorized<round_pairs>(values + i * distance, i + 1 < count ? values + (i + 1) * distance : nothing.data(),
                              target + i / Kind::in_unit * width, width);
    else
      std::memcpy(target + i * width, values + i * distance, width * sizeof(float));
}

template <typename Kind> Packed pack(const at::Tensor &key, const at::Tensor &value, int64_t block) {
  const int64_t count = key.size(0), heads = key.size(1), length = key.size(2), width = key.size(3);
  Packed packed{at::empty({count * heads, units<Kind>(width), length}, key.options()),
                at::empty({count * heads, units<Kind>(length), width}, key.options())};
  auto *keys = static_cast<typename Kind::Unit *>(packed.keys.mutable_data_ptr()),
       *values = static_cast<typename Kind::Unit *>(packed.values.mutable_data_ptr());
  parallel_for(0, count * heads, 1, [&](int64_t first, int64_t last) {
    for (int64_t head = first; head < last; head++) {
      const float *k = key.const_data_ptr<float>() + head / heads * key.stride(0) + head % heads * key.stride(1);
      const float *v = value.const_data_ptr<float>() + head / heads * value.stride(0) + head % heads * value.stride(1);
      pack_values<Kind>(v, length, value.stride(2), width, values + head * units<Kind>(length) * width);
      for (int64_t start = 0; start < length; start += block)
        pack_keys<Kind>(k + start * key.stride(2), std::min(block, length - start), key.stride(2), width,
                        keys + (head * length + start) * units<Kind>(width));
    }
  });
  return packed;
}

/// Rows of a product's left side in bfloat16, each with a zero after an odd number of values.
struct RoundedRows {
  std::vector<uint16_t> values;

  const uint16_t *take(const float *rows, int64_t count, int64_t distance, int64_t width) {
    const int64_t whole = (width + 1) / 2 * 2;
    values.resize(std::max(values.size(), static_cast<size_t>(count * whole)));
    for (int64_t row = 0; row < count; row++) {
      uint16_t *target = values.data() + row * whole;
      target[whole - 1] = 0;
      vectorized<round_row>(rows + row * distance, target, width);
    }
    return values.data();
  }
};

/// `rows` [count, k] times packed `b` [k, n] is c [count, n], or is added to it.
template <typename Kind>
void row_product(int64_t count, int64_t n, int64_t k, const float *rows, int64_t distance, const typename Kind::Unit *b,
                 float *c, bool adds, RoundedRows &rounded) {
  if constexpr (Kind::in_unit > 1) {
    const int64_t whole = units<Kind>(k) * Kind::in_unit;
    block_product(count, n, whole, rounded.take(rows, count, distance, k), whole, b, n, c, n, adds);
  } else {
    block_product(count, n, k, rows, distance, b, n, c, n, adds);
  }
}

/// Queries [N, heads, L, d], keys and values [N, heads, S, d], bias [S] or none. The softmax is taken block by block
/// (Milakov and Gimelshein, arXiv 1805.02867): what was added up is made smaller where a greater score is found.
template <typename Kind>
at::Tensor attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                     const std::optional<at::Tensor> &bias) {
  const int64_t count = query.size(0), heads = query.size(1), length = query.size(2), width = query.size(3),
                keys = key.size(2);
  // So that keys, values and scores of a block stay in a core's cache.
  const int64_t rows = width <= 128 ? 128 : 64, block = width <= 128 ? 512 : 256;
  const auto packed = pack<Kind>(key, value, block);
  // In this order of memory, the heads of a token lie side by side, as the projection after attention wants them.
  auto result = at::empty({count, length, heads, width}, query.options()).transpose(1, 2);
  const float *shifts = bias ? bias->const_data_ptr<float>() : nullptr;
  const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
  const int64_t query_blocks = (length + rows - 1) / rows;
  parallel_for(0, count * heads * query_blocks, 1, [&](int64_t first, int64_t last) {
    std::vector<float> scores(rows * block), sum(rows), greatest(rows), weighted(rows * width);
    RoundedRows rounded;
    for (int64_t item = first; item < last; item++) {
      const int64_t head = item / query_blocks, start = item % query_blocks * rows,
                    here = std::min(rows, length - start);
      const float *queries = query.const_data_ptr<float>() + head / heads * query.stride(0) +
                             head % heads * query.stride(1) + start * query.stride(2);
      for (int64_t from = 0; from < keys; from += block) {
        const int64_t size = std::min(block, keys - from);
        row_product<Kind>(here, size, width, queries, query.stride(2),
                          units_of<Kind>(packed.keys) + (head * keys + from) * units<Kind>(width), scores.data(), false,
                          rounded);
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
        row_product<Kind>(here, width, size, scores.data(), size,
                          units_of<Kind>(packed.values) + (head * units<Kind>(keys) + units<Kind>(from)) * width,
                          weighted.data(), from != 0, rounded);
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
                                          bool in_bfloat16, ct_tensor *out) {
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
      *out = wrap(in_bfloat16 && bfloat16_products_are_there() ? attention<BFloat16>(q, k, v, b)
                                                               : attention<Float>(q, k, v, b));
    else
      *out = wrap(at::scaled_dot_product_attention(q, k, v, b, 0.0, causal));
  });
}
