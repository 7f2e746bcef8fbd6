#include "ctorch_autograd.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "Accelerator.h"
#include "Guard.h"

using namespace ctorch;

bool ct_gradient_mode(void) { return at::GradMode::is_enabled(); }

void ct_set_gradient_mode(bool enabled) { at::GradMode::set_enabled(enabled); }

bool ct_requires_gradient(ct_tensor tensor) { return unwrap(tensor).requires_grad(); }

ct_status ct_set_requires_gradient(ct_tensor tensor, bool required) {
  return guard([&] { unwrap(tensor).requires_grad_(required); });
}

ct_status ct_backward(ct_tensor loss) {
  return guard([&] {
    load_cuda();
    unwrap(loss).backward();
  });
}

ct_status ct_backward_from(const ct_tensor *tensors, const ct_tensor *gradients, int32_t tensor_count) {
  return guard([&] {
    std::vector<at::Tensor> roots, given;
    for (int32_t i = 0; i < tensor_count; i++) {
      roots.push_back(unwrap(tensors[i]));
      given.push_back(unwrap(gradients[i]));
    }
    load_cuda();
    torch::autograd::backward(roots, given);
  });
}

ct_status ct_set_gradient(ct_tensor leaf, ct_tensor gradient) {
  return guard([&] { unwrap(leaf).mutable_grad() = unwrap(gradient); });
}

ct_status ct_gradient(ct_tensor leaf, ct_tensor *out) {
  return guard([&] {
    const auto &gradient = unwrap(leaf).grad();
    *out = gradient.defined() ? wrap(gradient) : ct_tensor{nullptr};
  });
}

ct_status ct_clear_gradient(ct_tensor leaf) {
  return guard([&] { unwrap(leaf).mutable_grad().reset(); });
}

ct_status ct_detach(ct_tensor tensor, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(tensor).detach()); });
}
