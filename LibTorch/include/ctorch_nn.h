// The operations of neural networks. A missing optional tensor is a handle whose impl is NULL.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// input [..., in], weight [out, in], bias [out] or none.
ct_status ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor *out);
/// input [N, C, H, W], weight [out, in, kH, kW]; the same stride and padding on both axes.
ct_status ct_conv2d(ct_tensor input, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding, ct_tensor *out);
/// Whether operations on this thread may round otherwise than torch's own for being quicker. In float32 on the CPU,
/// ct_linear takes oneDNN's product; where no gradients are recorded, ct_conv2d takes Winograd's algorithm where it
/// wins (3 x 3), attention goes through blocks that stay in the caches, and those of ctorch_fused.h become one kernel.
void ct_set_fast_kernels(bool allowed);
bool ct_fast_kernels(void);
/// Over the last axis; weight and bias [C] or none.
ct_status ct_layer_norm(ct_tensor input, ct_tensor weight, ct_tensor bias, double eps, ct_tensor *out);
/// Over the last axis; weight [C] or none.
ct_status ct_rms_norm(ct_tensor input, ct_tensor weight, double eps, ct_tensor *out);
ct_status ct_group_norm(ct_tensor input, int64_t group_count, ct_tensor weight, ct_tensor bias, double eps,
                        ct_tensor *out);
ct_status ct_silu(ct_tensor input, ct_tensor *out);
ct_status ct_gelu(ct_tensor input, bool tanh_approximation, ct_tensor *out);
/// As ct_gelu with the tanh approximation, into the input's own memory.
ct_status ct_gelu_tanh_in_place(ct_tensor input);
ct_status ct_sigmoid(ct_tensor input, ct_tensor *out);
/// query [N, heads, L, d], key and value [N, heads, S, d]; bias, which may be missing, is added to [N, heads, L, S].
/// `in_bfloat16` lets fast kernels round what they multiply to bfloat16 where the processor has instructions for it.
ct_status ct_scaled_dot_product_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor bias, bool causal,
                                          bool in_bfloat16, ct_tensor *out);
ct_status ct_upsample_nearest(ct_tensor input, int64_t height, int64_t width, ct_tensor *out);
/// Half-pixel centres (torch's align_corners=False).
ct_status ct_upsample_bilinear(ct_tensor input, int64_t height, int64_t width, bool antialias, ct_tensor *out);
/// Zero padding of the last two axes.
ct_status ct_pad(ct_tensor input, int64_t left, int64_t right, int64_t top, int64_t bottom, ct_tensor *out);

#ifdef __cplusplus
}
#endif
