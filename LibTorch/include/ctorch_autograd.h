// Gradients. Gradient mode is per thread, as in libtorch.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

bool ct_gradient_mode(void);
void ct_set_gradient_mode(bool enabled);
bool ct_requires_gradient(ct_tensor tensor);
ct_status ct_set_requires_gradient(ct_tensor tensor, bool required);
/// Adds the gradient of a one-element tensor to every leaf that requires one.
ct_status ct_backward(ct_tensor loss);
/// As ct_backward from several tensors at once, whose own gradients are given.
ct_status ct_backward_from(const ct_tensor *tensors, const ct_tensor *gradients, int32_t tensor_count);
/// Where ct_backward is to add the leaf's gradient: a tensor of the leaf's dtype, device and shape.
ct_status ct_set_gradient(ct_tensor leaf, ct_tensor gradient);
/// The gradient that ct_backward left, or a handle with a NULL impl.
ct_status ct_gradient(ct_tensor leaf, ct_tensor *out);
ct_status ct_clear_gradient(ct_tensor leaf);
ct_status ct_detach(ct_tensor tensor, ct_tensor *out);

#ifdef __cplusplus
}
#endif
