// Losses, norms and the optimiser's update.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The mean of the squared differences, a scalar.
ct_status ct_mse_loss(ct_tensor input, ct_tensor target, ct_tensor *out);
/// The Euclidean norms of so many elements each, a float32 vector of which `ct_joint_norm` makes the norm of all.
ct_status ct_partial_norms(ct_tensor tensor, ct_tensor *out);
/// The Euclidean norm of all elements of all vectors together, a float32 scalar.
ct_status ct_joint_norm(const ct_tensor *norms, int32_t norm_count, ct_tensor *out);
ct_status ct_zero_in_place(ct_tensor a);

typedef struct ct_adamw {
  double learning_rate;
  double beta1;
  double beta2;
  double weight_decay;
  double eps;
} ct_adamw;

/// One fused update of each parameter. `steps` are float32 scalars that count updates; they are raised by one first.
ct_status ct_fused_adamw_in_place(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *exp_avgs,
                                  const ct_tensor *exp_avg_sqs, const ct_tensor *steps, int32_t tensor_count,
                                  ct_adamw settings);

#ifdef __cplusplus
}
#endif
