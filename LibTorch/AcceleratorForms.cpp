#include "AcceleratorForms.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/var_mean.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "FastKernels.h"
#include "ctorch_fused.h"

namespace {

thread_local bool forced = false;

/// Mean and variance of each channel over the positions of [N, P, C], float32 [N, C].
std::tuple<at::Tensor, at::Tensor> channel_moments(const at::Tensor &rows) {
  if (rows.scalar_type() == at::kFloat) {
    auto [variance, mean] = at::var_mean(rows, at::OptionalIntArrayRef({1}), /*correction=*/0);
    return {mean, variance};
  }
  // Sums in float32 of values in half precision, without a copy of all of them. What the difference of two squares
  // loses of 24 bits is more than the values have.
  const double positions = static_cast<double>(rows.size(1));
  const auto mean = at::sum(rows, {1}, false, at::kFloat).div_(positions);
  const auto norm = at::linalg_vector_norm(rows, 2, at::OptionalIntArrayRef({1}), false, at::kFloat);
  return {mean, norm.square().div_(positions).sub_(mean.square()).clamp_min_(0)};
}

} // namespace

void ct_set_accelerator_forms(bool on_cpu) { forced = on_cpu; }

bool ctorch::accelerator_forms_are_forced() { return forced; }

bool ctorch::takes_accelerator_form(const at::Tensor &x) {
  return unrecorded_fast_kernels_allowed() && (forced || x.is_cuda());
}

at::Tensor ctorch::channels_last_group_norm_silu(const at::Tensor &x, int64_t group_count, const at::Tensor &weight,
                                                 const at::Tensor &bias, double eps, bool consumes) {
  const int64_t count = x.size(0), channels = x.size(1), members = channels / group_count;
  const auto rows = x.permute({0, 2, 3, 1}).view({count, -1, channels});
  const auto [channel_mean, channel_variance] = channel_moments(rows);
  const auto means = channel_mean.view({count, group_count, members});
  const auto mean = means.mean(at::IntArrayRef({2}), /*keepdim=*/true);
  const auto variance = channel_variance.view({count, group_count, members})
                            .add(means.sub(mean).square_())
                            .mean(at::IntArrayRef({2}), /*keepdim=*/true);
  const auto all_means = mean.expand_as(means).reshape({count, channels}),
             all_variances = variance.expand_as(means).reshape({count, channels});
  const auto scale = weight.to(at::kFloat), shift = bias.to(at::kFloat);
  auto y = consumes ? x : at::empty_like(x);
  // With known means and variances a batch norm is one pass that takes float32 factors for half-precision values and
  // leaves channels last.
  for (int64_t picture = 0; picture < count; picture++) {
    auto target = y.narrow(0, picture, 1);
    auto saved_mean = at::empty({0}, scale.options()), saved_inverse = at::empty({0}, scale.options());
    at::native_batch_norm_out(target, saved_mean, saved_inverse, x.narrow(0, picture, 1), scale, shift,
                              all_means[picture], all_variances[picture], /*training=*/false, 0, eps);
  }
  return at::silu_(y);
}

at::Tensor ctorch::wide_attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
  constexpr int64_t scores_at_once = 1 << 25;
  const int64_t count = query.size(0) * query.size(1), length = query.size(2), keys = key.size(2),
                width = query.size(3);
  const auto q = query.reshape({count, length, width}), k = key.reshape({count, keys, width}).transpose(1, 2),
             v = value.reshape({count, keys, value.size(3)});
  const int64_t rows = std::max<int64_t>(1, scores_at_once / std::max<int64_t>(1, count * keys));
  const double scale = 1 / std::sqrt(static_cast<double>(width));
  auto result = at::empty({count, length, value.size(3)}, v.options());
  for (int64_t start = 0; start < length; start += rows) {
    const int64_t here = std::min(rows, length - start);
    const auto queries = q.narrow(1, start, here);
    // Scores in half precision would lose what the softmax needs; only CUDA has the product with a wider result.
    auto scores = queries.is_cuda() && queries.scalar_type() != at::kFloat
                      ? at::bmm(queries, k, at::kFloat)
                      : at::bmm(queries.to(at::kFloat), k.to(at::kFloat));
    const auto shares = at::softmax(scores.mul_(scale), 2).to(v.scalar_type());
    auto part = result.narrow(1, start, here);
    at::bmm_out(part, shares, v);
  }
  return result.view({query.size(0), query.size(1), length, value.size(3)});
}
