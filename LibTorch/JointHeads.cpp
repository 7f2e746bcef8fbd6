#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include "ctorch_fused.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/stack.h>

#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "AcceleratorForms.h"
#include "FastKernels.h"
#include "Guard.h"
#include "Lanes.h"
#include "Parallel.h"
#include "Processors.h"

using namespace ctorch;

namespace {

/// One head: divided by its root mean square and multiplied by weights, where there are any; else copied.
void norm_head(const float *x, const float *weights, float *y, int64_t width, float eps) {
  if (weights == nullptr) {
    std::memcpy(y, x, static_cast<size_t>(width) * sizeof(float));
    return;
  }
  float sums[lanes] = {};
  const int64_t whole = width / lanes * lanes;
  for (int64_t i = 0; i < whole; i += lanes)
    for (int lane = 0; lane < lanes; lane++)
      sums[lane] += x[i + lane] * x[i + lane];
  float sum = static_cast<float>(total(sums));
  for (int64_t i = whole; i < width; i++)
    sum += x[i] * x[i];
  const float scale = 1.0f / std::sqrt(sum / static_cast<float>(width) + eps);
  for (int64_t i = 0; i < width; i++)
    y[i] = x[i] * scale * weights[i];
}

/// Puts `count` parts of each token of `tokens` [N, T, parts · D] into `targets` [N, L, D], from the position `offset`
/// on.
void place(const at::Tensor &tokens, const std::vector<at::Tensor> &targets, const std::vector<const float *> &weights,
           int64_t offset, int64_t heads, double eps) {
  const int64_t length = tokens.size(1), parts = static_cast<int64_t>(targets.size()), width = tokens.size(2) / parts,
                head_width = width / heads;
  const float *input = tokens.const_data_ptr<float>();
  parallel_for(0, tokens.size(0) * length, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++)
      for (int64_t part = 0; part < parts; part++) {
        const int64_t target_length = targets[part].size(1);
        float *output =
            targets[part].mutable_data_ptr<float>() + (row / length * target_length + offset + row % length) * width;
        const float *source = input + (row * parts + part) * width;
        for (int64_t head = 0; head < heads; head++)
          vectorized<norm_head>(source + head * head_width, weights[part], output + head * head_width, head_width,
                                static_cast<float>(eps));
      }
  });
}

const float *data_of(const std::optional<at::Tensor> &weight) {
  return weight ? weight->const_data_ptr<float>() : nullptr;
}

struct Heads {
  at::Tensor query, key, value;
};

using Norms = std::array<std::optional<at::Tensor>, 4>;

Heads fused_heads(const at::Tensor &picture, const std::optional<at::Tensor> &prompt, const Norms &norms, int64_t heads,
                  double eps) {
  const int64_t count = picture.size(0), length = picture.size(1), width = picture.size(2) / 3;
  const int64_t added = prompt ? prompt->size(1) : 0;
  const bool asks = prompt && prompt->size(2) == 3 * width;
  auto make = [&](int64_t rows) { return at::empty({count, rows, width}, picture.options()); };
  Heads joint{make(asks ? length + added : length), make(length + added), make(length + added)};
  place(picture, {joint.query, joint.key, joint.value}, {data_of(norms[0]), data_of(norms[1]), nullptr}, 0, heads, eps);
  if (prompt) {
    if (asks)
      place(*prompt, {joint.query, joint.key, joint.value}, {data_of(norms[2]), data_of(norms[3]), nullptr}, length,
            heads, eps);
    else
      place(*prompt, {joint.key, joint.value}, {data_of(norms[3]), nullptr}, length, heads, eps);
  }
  auto split = [&](const at::Tensor &x) { return x.view({count, x.size(1), heads, width / heads}).transpose(1, 2); };
  return {split(joint.query), split(joint.key), split(joint.value)};
}

/// Token by token as the products give them, and split into heads last, so that nothing is turned around: queries and
/// keys are normed together.
Heads composed_heads(const at::Tensor &picture, const std::optional<at::Tensor> &prompt, const Norms &norms,
                     int64_t heads, double eps) {
  const int64_t width = picture.size(2) / 3, head_width = width / heads;
  auto normed = [&](const at::Tensor &x, const std::optional<at::Tensor> &weight) {
    if (!weight)
      return x;
    const at::IntArrayRef shape(head_width);
    // In half precision the normalised value is rounded before it is scaled, as in diffusers.
    return weight->dim() == 1 && x.scalar_type() == at::kFloat ? at::rms_norm(x, shape, weight, eps)
                                                               : at::rms_norm(x, shape, std::nullopt, eps).mul(*weight);
  };
  /// [N, T, parts, heads, d]
  auto parts_of = [&](const at::Tensor &x) {
    return x.view({x.size(0), x.size(1), x.size(2) / width, heads, head_width});
  };
  auto both_normed = [&](const at::Tensor &parts, const std::optional<at::Tensor> &query,
                         const std::optional<at::Tensor> &key) {
    const auto both = parts.narrow(2, 0, 2);
    return query && key ? normed(both, at::stack({*query, *key}).unsqueeze(1)) : both;
  };
  auto split = [](const at::Tensor &x) { return x.transpose(1, 2); };
  const auto parts = parts_of(picture.contiguous());
  auto both = both_normed(parts, norms[0], norms[1]);
  if (!prompt)
    return {split(both.select(2, 0)), split(both.select(2, 1)), split(parts.select(2, 2))};
  const auto added = parts_of(prompt->contiguous());
  const bool asks = added.size(2) == 3;
  const auto value = at::cat({parts.select(2, 2), added.select(2, asks ? 2 : 1)}, 1);
  if (!asks) {
    const auto key = at::cat({both.select(2, 1), normed(added.select(2, 0), norms[3])}, 1);
    return {split(both.select(2, 0)), split(key), split(value)};
  }
  both = at::cat({both, both_normed(added, norms[2], norms[3])}, 1);
  return {split(both.select(2, 0)), split(both.select(2, 1)), split(value)};
}

bool is_plain(const std::optional<at::Tensor> &x) {
  return !x || (x->is_cpu() && x->scalar_type() == at::kFloat && x->is_contiguous());
}

} // namespace

ct_status ct_joint_heads(ct_tensor picture, ct_tensor prompt, ct_head_norms norms, int64_t head_count, double eps,
                         ct_tensor *query, ct_tensor *key, ct_tensor *value) {
  return guard([&] {
    const auto &x = unwrap(picture);
    const auto added = unwrap_optional(prompt);
    const Norms weights{unwrap_optional(norms.query), unwrap_optional(norms.key), unwrap_optional(norms.added_query),
                        unwrap_optional(norms.added_key)};
    TORCH_CHECK(x.dim() == 3 && head_count > 0 && x.size(2) % (3 * head_count) == 0,
                "tokens [N, T, 3D] with D a multiple of the heads were expected");
    const int64_t width = x.size(2) / 3;
    TORCH_CHECK(!added || (added->dim() == 3 && added->size(0) == x.size(0) &&
                           (added->size(2) == 3 * width || added->size(2) == 2 * width)),
                "the prompt's tokens are not [N, S, 3D] or [N, S, 2D]");
    for (const auto &weight : weights)
      TORCH_CHECK(!weight || weight->numel() == width / head_count, "a norm's weight is not [D / heads]");
    bool is_fast =
        unrecorded_fast_kernels_allowed() && !accelerator_forms_are_forced() && is_plain(x) && is_plain(added);
    for (const auto &weight : weights)
      is_fast = is_fast && is_plain(weight);
    auto heads =
        is_fast ? fused_heads(x, added, weights, head_count, eps) : composed_heads(x, added, weights, head_count, eps);
    *query = wrap(heads.query);
    *key = wrap(heads.key);
    *value = wrap(heads.value);
  });
}
