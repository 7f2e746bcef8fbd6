#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include "ctorch_int8.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_int_mm.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "Guard.h"
#include "Lanes.h"
#include "Parallel.h"
#include "Processors.h"

using namespace ctorch;

namespace {

constexpr float most = 127;

float quantize(const float *x, int8_t *values, int64_t count) {
  float greatest[lanes] = {}, faults[lanes] = {};
  const int64_t whole = count / lanes * lanes;
  for (int64_t i = 0; i < whole; i += lanes)
    for (int64_t lane = 0; lane < lanes; lane++) {
      greatest[lane] = std::max(greatest[lane], std::abs(x[i + lane]));
      faults[lane] += x[i + lane] * 0.0f;
    }
  float limit = *std::max_element(greatest, greatest + lanes);
  auto fault = static_cast<float>(total(faults));
  for (int64_t i = whole; i < count; i++) {
    limit = std::max(limit, std::abs(x[i]));
    fault += x[i] * 0.0f;
  }
  // What is not finite has no integer; its scale makes the whole row what it is.
  if (fault != 0) {
    std::fill(values, values + count, int8_t{0});
    return NAN;
  }
  const float factor = limit > 1e-30f ? most / limit : 0;
  const float magic = 12582912.0f; // 1.5 * 2^23: adding it rounds to a whole number.
  for (int64_t i = 0; i < count; i++)
    values[i] = static_cast<int8_t>(static_cast<int32_t>((x[i] * factor + magic) - magic));
  return limit / most;
}

void scale_row(const int32_t *sums, float scale, const float *scales, const float *bias, float *y, int64_t count) {
  if (bias == nullptr)
    for (int64_t i = 0; i < count; i++)
      y[i] = static_cast<float>(sums[i]) * (scale * scales[i]);
  else
    for (int64_t i = 0; i < count; i++)
      y[i] = static_cast<float>(sums[i]) * (scale * scales[i]) + bias[i];
}

std::pair<at::Tensor, at::Tensor> quantize_rows(const at::Tensor &input) {
  const auto x = input.contiguous();
  const int64_t rows = x.size(0), width = x.size(1);
  auto values = at::empty({rows, width}, x.options().dtype(at::kChar)), scales = at::empty({rows}, x.options());
  const float *source = x.const_data_ptr<float>();
  int8_t *target = values.mutable_data_ptr<int8_t>();
  float *scale = scales.mutable_data_ptr<float>();
  parallel_for(0, rows, 16, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++)
      scale[row] = vectorized<quantize>(source + row * width, target + row * width, width);
  });
  return {values, scales};
}

void check_float(const at::Tensor &x) {
  TORCH_CHECK(x.is_cpu() && x.scalar_type() == at::kFloat, "float32 on the CPU was expected");
}

} // namespace

ct_status ct_quantize_rows(ct_tensor input, ct_tensor *values, ct_tensor *scales) {
  return guard([&] {
    at::NoGradGuard unrecorded;
    const auto &x = unwrap(input);
    check_float(x);
    TORCH_CHECK(x.dim() == 2, "a matrix was expected");
    auto result = quantize_rows(x);
    *values = wrap(result.first);
    *scales = wrap(result.second);
  });
}

ct_status ct_linear_int8(ct_tensor input, ct_tensor weight, ct_tensor scales, ct_tensor bias, ct_tensor *out) {
  return guard([&] {
    at::NoGradGuard unrecorded;
    const auto &x = unwrap(input), &w = unwrap(weight), &s = unwrap(scales);
    const auto b = unwrap_optional(bias);
    check_float(x);
    check_float(s);
    TORCH_CHECK(w.scalar_type() == at::kChar && w.dim() == 2 && x.dim() >= 2 && x.size(-1) == w.size(1) &&
                    s.numel() == w.size(0) && s.is_contiguous() &&
                    (!b || (b->numel() == w.size(0) && b->is_contiguous())),
                "input [..., in], weight [out, in] in int8, scales [out] and bias [out] were expected");
    if (b)
      check_float(*b);
    auto shape = x.sizes().vec();
    shape.back() = w.size(0);
    const auto [values, row_scales] = quantize_rows(x.reshape({-1, x.size(-1)}));
    const auto sums = at::_int_mm(values, w.t());
    auto result = at::empty(shape, x.options());
    const int64_t width = w.size(0);
    const int32_t *sum = sums.const_data_ptr<int32_t>();
    const float *row_scale = row_scales.const_data_ptr<float>(), *scale = s.const_data_ptr<float>();
    const float *shift = b ? b->const_data_ptr<float>() : nullptr;
    float *y = result.mutable_data_ptr<float>();
    parallel_for(0, values.size(0), 16, [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; row++)
        vectorized<scale_row>(sum + row * width, row_scale[row], scale, shift, y + row * width, width);
    });
    *out = wrap(result);
  });
}
