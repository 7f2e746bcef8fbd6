#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include "ctorch_fused.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rms_norm.h>

#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

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

Heads composed_heads(const at::Tensor &picture, const std::optional<at::Tensor> &prompt, const Norms &norms,
                     int64_t heads, double eps) {
  const int64_t width = picture.size(2) / 3;
  auto split = [&](const at::Tensor &x) {
    return x.reshape({x.size(0), x.size(1), heads, width / heads}).transpose(1, 2);
  };
  auto normed = [&](const at::Tensor &x, const std::optional<at::Tensor> &weight) {
    if (!weight)
      return x;
    const int64_t last = x.size(-1);
    const at::IntArrayRef shape(last);
    // In half precision the normalised value is rounded before it is scaled, as in diffusers.
    return x.scalar_type() == at::kFloat ? at::rms_norm(x, shape, weight, eps)
                                         : at::rms_norm(x, shape, std::nullopt, eps).mul(*weight);
  };
  auto parts = picture.chunk(3, 2);
  Heads joint{normed(split(parts[0]), norms[0]), normed(split(parts[1]), norms[1]), split(parts[2])};
  if (!prompt)
    return joint;
  const bool asks = prompt->size(2) == 3 * width;
  auto added = prompt->chunk(asks ? 3 : 2, 2);
  if (asks)
    joint.query = at::cat({joint.query, normed(split(added[0]), norms[2])}, 2);
  joint.key = at::cat({joint.key, normed(split(added[added.size() - 2]), norms[3])}, 2);
  joint.value = at::cat({joint.value, split(added[added.size() - 1])}, 2);
  return joint;
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
    bool is_fast = unrecorded_fast_kernels_allowed() && is_plain(x) && is_plain(added);
    for (const auto &weight : weights)
      is_fast = is_fast && is_plain(weight);
    auto heads =
        is_fast ? fused_heads(x, added, weights, head_count, eps) : composed_heads(x, added, weights, head_count, eps);
    *query = wrap(heads.query);
    *key = wrap(heads.key);
    *value = wrap(heads.value);
  });
}
