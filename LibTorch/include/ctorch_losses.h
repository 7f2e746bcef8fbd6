// What losses of masks are made of. Names and meanings are those of torch.nn.functional.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The mean of the binary cross-entropies of logits and targets in 0…1 of the same shape.
ct_status ct_binary_cross_entropy_with_logits(ct_tensor input, ct_tensor target, ct_tensor *out);
/// The mean of the cross-entropies of logits [N, C, …] and classes [N, …], int64.
ct_status ct_cross_entropy(ct_tensor input, ct_tensor target, ct_tensor *out);
ct_status ct_softmax(ct_tensor input, int64_t axis, ct_tensor *out);
/// Over [N, C, H, W] with stride 1; padding counts as less than everything.
ct_status ct_max_pool2d(ct_tensor input, int64_t kernel, int64_t padding, ct_tensor *out);

#ifdef __cplusplus
}
#endif
