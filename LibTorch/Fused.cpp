#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include "ctorch_fused.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/silu.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "FastKernels.h"
#include "Guard.h"
#include "Processors.h"

using namespace ctorch;

namespace {

/// Sums in so many lanes, which is what lets the compiler use vector registers.
constexpr int lanes = 16;
/// Floats are added up over so many values, then in double precision.
constexpr int64_t chunk = 4096;

inline double total(const float *sums) {
  double sum = 0;
  for (int lane = 0; lane < lanes; lane++)
    sum += sums[lane];
  return sum;
}

FOR_EACH_PROCESSOR double sum_of(const float *x, int64_t count) {
  double sum = 0;
  for (int64_t start = 0; start < count; start += chunk) {
    const int64_t end = std::min(count, start + chunk), whole = start + (end - start) / lanes * lanes;
    float sums[lanes] = {};
    for (int64_t i = start; i < whole; i += lanes)
      for (int lane = 0; lane < lanes; lane++)
        sums[lane] += x[i + lane];
    sum += total(sums);
    for (int64_t i = whole; i < end; i++)
      sum += x[i];
  }
  return sum;
}

FOR_EACH_PROCESSOR double squares_of(const float *x, int64_t count, float mean) {
  double sum = 0;
  for (int64_t start = 0; start < count; start += chunk) {
    const int64_t end = std::min(count, start + chunk), whole = start + (end - start) / lanes * lanes;
    float sums[lanes] = {};
    for (int64_t i = start; i < whole; i += lanes)
      for (int lane = 0; lane < lanes; lane++) {
        const float difference = x[i + lane] - mean;
        sums[lane] += difference * difference;
      }
    sum += total(sums);
    for (int64_t i = whole; i < end; i++)
      sum += (x[i] - mean) * (x[i] - mean);
  }
  return sum;
}

/// e^x to about two units in the last place: 2^n times a polynomial (Cephes, expf).
inline float exponential(float x) {
  x = std::min(std::max(x, -87.0f), 88.0f);
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
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

FOR_EACH_PROCESSOR void scale_shift_silu(const float *x, float *y, int64_t count, float scale, float shift) {
  for (int64_t i = 0; i < count; i++) {
    const float value = x[i] * scale + shift;
    y[i] = value / (1.0f + exponential(-value));
  }
}

at::Tensor group_norm_silu(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                           double eps, bool consumes) {
  auto y = consumes ? x : at::empty(x.sizes(), x.options());
  const int64_t channels = x.size(1), positions = x.size(2) * x.size(3), members = channels / groups;
  const float *input = x.const_data_ptr<float>(), *scales = weight.const_data_ptr<float>(),
              *shifts = bias.const_data_ptr<float>();
  float *output = y.mutable_data_ptr<float>();
  at::parallel_for(0, x.size(0) * groups, 1, [&](int64_t first, int64_t last) {
    for (int64_t group = first; group < last; group++) {
      const int64_t start = group * members * positions, count = members * positions;
      const double mean = sum_of(input + start, count) / static_cast<double>(count);
      const double variance = squares_of(input + start, count, static_cast<float>(mean)) / static_cast<double>(count);
      const double inverse = 1 / std::sqrt(variance + eps);
      for (int64_t member = 0; member < members; member++) {
        const int64_t channel = group % groups * members + member;
        const double scale = scales[channel] * inverse;
        scale_shift_silu(input + start + member * positions, output + start + member * positions, positions,
                         static_cast<float>(scale), static_cast<float>(shifts[channel] - mean * scale));
      }
    }
  });
  return y;
}

/// One head: divided by its root mean square and multiplied by weights, where there are any; else copied.
FOR_EACH_PROCESSOR void norm_head(const float *x, const float *weights, float *y, int64_t width, float eps) {
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
  at::parallel_for(0, tokens.size(0) * length, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++)
      for (int64_t part = 0; part < parts; part++) {
        const int64_t target_length = targets[part].size(1);
        float *output =
            targets[part].mutable_data_ptr<float>() + (row / length * target_length + offset + row % length) * width;
        const float *source = input + (row * parts + part) * width;
        for (int64_t head = 0; head < heads; head++)
          norm_head(source + head * head_width, weights[part], output + head * head_width, head_width,
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

ct_status ct_group_norm_silu(ct_tensor input, int64_t group_count, ct_tensor weight, ct_tensor bias, double eps,
                             bool consumes, ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input);
    const auto &w = unwrap(weight), &b = unwrap(bias);
    if (unrecorded_fast_kernels_allowed() && is_plain(x) && is_plain(w) && is_plain(b) && x.dim() == 4 &&
        group_count > 0 && x.size(1) % group_count == 0 && w.numel() == x.size(1) && b.numel() == x.size(1) &&
        x.numel() > 0) {
      *out = wrap(group_norm_silu(x, group_count, w, b, eps, consumes));
    } else {
      auto y = at::group_norm(x, group_count, w, b, eps);
      *out = wrap(at::silu_(y));
    }
  });
}

ct_status ct_joint_heads(ct_tensor picture, ct_tensor prompt, ct_head_norms norms, int64_t head_count, double eps,
                         ct_tensor *query, ct_tensor *key, ct_tensor *value) {
  return guard([&] {
    const auto &x = unwrap(picture);
    const auto added = unwrap_optional(prompt);
    const Norms weights{unwrap_optional(norms.query), unwrap_optional(norms.key), unwrap_optional(norms.added_query),
                        unwrap_optional(norms.added_key)};
    TORCH_CHECK(x.dim() == 3 && head_count > 0 && x.size(2) % (3 * head_count) == 0,
                "tokens [N, T, 3D] with D a multiple of the heads were expected");
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
