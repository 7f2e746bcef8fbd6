#include "ctorch_nn.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_nnpack_available.h>
#include <ATen/ops/_nnpack_spatial_convolution.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <array>

#include "FastKernels.h"
#include "Guard.h"

using namespace ctorch;

namespace {

thread_local bool fast_kernels = false;

/// Whether NNPACK's Winograd convolution can do this one and is quicker than oneDNN's direct one. The thresholds are
/// measured (Docs/performance.md): transforming pays from 64 channels and 64 x 64 positions on.
bool winograd_wins(const at::Tensor &x, const at::Tensor &weight, int64_t stride, int64_t padding) {
  if (!unrecorded_fast_kernels_allowed() || stride != 1 || padding != 1)
    return false;
  if (!x.is_cpu() || x.scalar_type() != at::kFloat || weight.scalar_type() != at::kFloat || x.dim() != 4 ||
      weight.dim() != 4 || weight.size(2) != 3 || weight.size(3) != 3)
    return false;
  // NNPACK wants planes; who put channels last did so because a direct convolution is quicker there.
  if (!x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast))
    return false;
  // The first call initialises NNPACK; it is false on a processor that NNPACK does not know.
  static const bool available = at::_nnpack_available();
  const int64_t positions = x.size(2) * x.size(3);
  return available && x.size(1) >= 64 && positions >= 4096 && x.size(1) * weight.size(0) * positions >= 60'000'000;
}

} // namespace

bool ctorch::fast_kernels_allowed() { return fast_kernels; }

bool ctorch::unrecorded_fast_kernels_allowed() { return fast_kernels && !at::GradMode::is_enabled(); }

void ct_set_fast_kernels(bool allowed) { fast_kernels = allowed; }

bool ct_fast_kernels(void) { return fast_kernels; }

ct_status ct_conv2d(ct_tensor input, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding,
                    ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input);
    const auto &w = unwrap(weight);
    const std::array<int64_t, 2> strides{stride, stride}, paddings{padding, padding};
    if (winograd_wins(x, w, stride, padding))
      *out = wrap(
          at::_nnpack_spatial_convolution(x.contiguous(), w.contiguous(), unwrap_optional(bias), paddings, strides));
    else
      *out = wrap(at::conv2d(x, w, unwrap_optional(bias), strides, paddings));
  });
}

ct_status ct_layer_norm(ct_tensor input, ct_tensor weight, ct_tensor bias, double eps, ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input);
    *out = wrap(at::layer_norm(x, {x.size(-1)}, unwrap_optional(weight), unwrap_optional(bias), eps));
  });
}

ct_status ct_rms_norm(ct_tensor input, ct_tensor weight, double eps, ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input);
    int64_t last = x.size(-1);
    *out = wrap(at::rms_norm(x, at::IntArrayRef({last}), unwrap_optional(weight), eps));
  });
}

ct_status ct_group_norm(ct_tensor input, int64_t group_count, ct_tensor weight, ct_tensor bias, double eps,
                        ct_tensor *out) {
  return guard([&] {
    *out = wrap(at::group_norm(unwrap(input), group_count, unwrap_optional(weight), unwrap_optional(bias), eps));
  });
}

ct_status ct_silu(ct_tensor input, ct_tensor *out) {
  return guard([&] { *out = wrap(at::silu(unwrap(input))); });
}

ct_status ct_gelu(ct_tensor input, bool tanh_approximation, ct_tensor *out) {
  return guard([&] { *out = wrap(at::gelu(unwrap(input), tanh_approximation ? "tanh" : "none")); });
}

ct_status ct_gelu_tanh_in_place(ct_tensor input) {
  return guard([&] { at::gelu_(unwrap(input), "tanh"); });
}

ct_status ct_sigmoid(ct_tensor input, ct_tensor *out) {
  return guard([&] { *out = wrap(at::sigmoid(unwrap(input))); });
}

ct_status ct_scaled_dot_product_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor bias, bool causal,
                                          ct_tensor *out) {
  return guard([&] {
    *out = wrap(at::scaled_dot_product_attention(unwrap(query), unwrap(key), unwrap(value), unwrap_optional(bias), 0.0,
                                                 causal));
  });
}

ct_status ct_upsample_nearest(ct_tensor input, int64_t height, int64_t width, ct_tensor *out) {
  return guard([&] { *out = wrap(at::upsample_nearest2d(unwrap(input), {height, width})); });
}

ct_status ct_upsample_bilinear(ct_tensor input, int64_t height, int64_t width, bool antialias, ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input);
    *out = wrap(antialias ? at::_upsample_bilinear2d_aa(x, {height, width}, false)
                          : at::upsample_bilinear2d(x, {height, width}, false));
  });
}

ct_status ct_pad(ct_tensor input, int64_t left, int64_t right, int64_t top, int64_t bottom, ct_tensor *out) {
  return guard([&] { *out = wrap(at::constant_pad_nd(unwrap(input), {left, right, top, bottom})); });
}
