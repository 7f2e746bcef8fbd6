// Arithmetic, reductions and shape operations. Names and meanings are those of torch.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

ct_status ct_add(ct_tensor a, ct_tensor b, ct_tensor *out);
ct_status ct_sub(ct_tensor a, ct_tensor b, ct_tensor *out);
ct_status ct_mul(ct_tensor a, ct_tensor b, ct_tensor *out);
ct_status ct_div(ct_tensor a, ct_tensor b, ct_tensor *out);
ct_status ct_add_scalar(ct_tensor a, double b, ct_tensor *out);
ct_status ct_mul_scalar(ct_tensor a, double b, ct_tensor *out);
ct_status ct_div_scalar(ct_tensor a, double b, ct_tensor *out);
ct_status ct_add_in_place(ct_tensor a, ct_tensor b);
ct_status ct_mul_in_place(ct_tensor a, ct_tensor b);
/// a = a * scale + shift.
ct_status ct_affine_in_place(ct_tensor a, double scale, double shift);
ct_status ct_copy_in_place(ct_tensor destination, ct_tensor source);

ct_status ct_exp(ct_tensor a, ct_tensor *out);
ct_status ct_sin(ct_tensor a, ct_tensor *out);
ct_status ct_cos(ct_tensor a, ct_tensor *out);
ct_status ct_abs(ct_tensor a, ct_tensor *out);
ct_status ct_clamp(ct_tensor a, double low, double high, ct_tensor *out);
ct_status ct_matmul(ct_tensor a, ct_tensor b, ct_tensor *out);

ct_status ct_sum(ct_tensor a, ct_tensor *out);
ct_status ct_mean(ct_tensor a, const int64_t *axes, int32_t axis_count, bool keep, ct_tensor *out);
ct_status ct_max(ct_tensor a, ct_tensor *out);
ct_status ct_argmax(ct_tensor a, int64_t axis, ct_tensor *out);
/// A bool tensor.
ct_status ct_greater_scalar(ct_tensor a, double b, ct_tensor *out);
/// The value of a tensor with one element, as double. Waits for the device.
ct_status ct_item(ct_tensor a, double *out);

ct_status ct_reshape(ct_tensor a, const int64_t *sizes, int32_t dimension_count, ct_tensor *out);
ct_status ct_permute(ct_tensor a, const int64_t *axes, int32_t axis_count, ct_tensor *out);
ct_status ct_transpose(ct_tensor a, int64_t axis0, int64_t axis1, ct_tensor *out);
ct_status ct_unsqueeze(ct_tensor a, int64_t axis, ct_tensor *out);
ct_status ct_expand(ct_tensor a, const int64_t *sizes, int32_t dimension_count, ct_tensor *out);
ct_status ct_narrow(ct_tensor a, int64_t axis, int64_t start, int64_t length, ct_tensor *out);
ct_status ct_index_select(ct_tensor a, int64_t axis, ct_tensor index, ct_tensor *out);
ct_status ct_cat(const ct_tensor *tensors, int32_t tensor_count, int64_t axis, ct_tensor *out);

#ifdef __cplusplus
}
#endif
