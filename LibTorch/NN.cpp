#include "ctorch_nn.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include "FastKernels.h"
#include "Guard.h"
#include "Winograd.h"

using namespace ctorch;

namespace {

thread_local bool fast_kernels = false;

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
    const auto b = unwrap_optional(bias);
    const bool bias_fits = !b || (b->is_cpu() && b->scalar_type() == at::kFloat && b->numel() == w.size(0));
    if (unrecorded_fast_kernels_allowed() && bias_fits && winograd_wins(x, w, stride, padding))
      *out = wrap(winograd_convolution(x, w, b));
    else
      *out = wrap(at::conv2d(x, w, b, {stride, stride}, {padding, padding}));
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

ct_status ct_upsample_nearest(ct_tensor input, int64_t height, int64_t width, ct_tensor *out) {
  return guard([&] { *out = wrap(at::upsample_nearest2d(unwrap(input), {height, width})); });
}

ct_status ct_upsample_bilinear(ct_tensor input, int64_t height, int64_t width, bool antialias, ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input);
    // CUDA's kernel keeps a pixel's weights in shared memory and refuses to shrink by more than about 93 times.
    const bool is_far = x.size(-2) > 64 * height || x.size(-1) > 64 * width;
    if (antialias && is_far && !x.is_cpu())
      *out = wrap(at::_upsample_bilinear2d_aa(x.cpu(), {height, width}, false).to(x.device()));
    else
      *out = wrap(antialias ? at::_upsample_bilinear2d_aa(x, {height, width}, false)
                            : at::upsample_bilinear2d(x, {height, width}, false));
  });
}

ct_status ct_pad(ct_tensor input, int64_t left, int64_t right, int64_t top, int64_t bottom, ct_tensor *out) {
  return guard([&] { *out = wrap(at::constant_pad_nd(unwrap(input), {left, right, top, bottom})); });
}
