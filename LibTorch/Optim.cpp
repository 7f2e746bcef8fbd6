#include "ctorch_optim.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mse_loss.h>

#include <vector>

#include "Guard.h"

using namespace ctorch;

namespace {

std::vector<at::Tensor> list(const ct_tensor *tensors, int32_t count) {
  std::vector<at::Tensor> result;
  result.reserve(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; i++)
    result.push_back(unwrap(tensors[i]));
  return result;
}

} // namespace

ct_status ct_mse_loss(ct_tensor input, ct_tensor target, ct_tensor *out) {
  return guard([&] { *out = wrap(at::mse_loss(unwrap(input), unwrap(target))); });
}

ct_status ct_partial_norms(ct_tensor tensor, ct_tensor *out) {
  return guard([&] {
    // The CPU's kernel adds up one after the other, and float32 loses digits over millions of elements: so in parts.
    constexpr int64_t part = 4096;
    const auto flat = unwrap(tensor).reshape({-1});
    const int64_t whole = flat.numel() / part * part;
    *out = wrap(at::cat({at::linalg_vector_norm(flat.narrow(0, 0, whole).view({-1, part}), 2, {{1}}),
                         at::linalg_vector_norm(flat.narrow(0, whole, flat.numel() - whole), 2).reshape({1})}));
  });
}

ct_status ct_joint_norm(const ct_tensor *norms, int32_t norm_count, ct_tensor *out) {
  return guard([&] { *out = wrap(at::linalg_vector_norm(at::cat(list(norms, norm_count)), 2)); });
}

ct_status ct_zero_in_place(ct_tensor a) {
  return guard([&] { unwrap(a).zero_(); });
}

ct_status ct_fused_adamw_in_place(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *exp_avgs,
                                  const ct_tensor *exp_avg_sqs, const ct_tensor *steps, int32_t tensor_count,
                                  ct_adamw settings) {
  return guard([&] {
    at::NoGradGuard no_gradients;
    auto counts = list(steps, tensor_count);
    for (auto &count : counts)
      count.add_(1);
    at::_fused_adamw_(list(parameters, tensor_count), list(gradients, tensor_count), list(exp_avgs, tensor_count),
                      list(exp_avg_sqs, tensor_count), {}, counts, settings.learning_rate, settings.beta1,
                      settings.beta2, settings.weight_decay, settings.eps, false, false);
  });
}
