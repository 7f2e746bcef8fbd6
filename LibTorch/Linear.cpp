// ATen sends float32 products to MKL, which on processors of other makers than its own leaves the widest vector
// registers idle; oneDNN, which torch carries for its compiler, does not.
#include <ATen/Context.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_unsafe_view.h>
#include <ATen/ops/linear.h>
#include <torch/csrc/autograd/custom_function.h>

#include <string_view>

#include "FastKernels.h"
#include "Guard.h"
#include "ctorch_nn.h"

using namespace ctorch;

namespace {

using LinearPointwise = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &,
                                   std::string_view, c10::List<std::optional<at::Scalar>>,
                                   std::optional<std::string_view>);

/// The operation behind compiled models; none in a torch that was built without oneDNN.
const std::optional<c10::OperatorHandle> &linear_pointwise() {
  static const auto found = at::globalContext().hasMKLDNN()
                                ? c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""})
                                : std::nullopt;
  return found;
}

/// input [M, in] times weight [out, in] transposed, plus bias [out]; strides may be any.
at::Tensor product(const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  static const auto operation = linear_pointwise()->typed<LinearPointwise>();
  return operation.call(input, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

/// The product with its gradients, which are products too.
struct Linear : torch::autograd::Function<Linear> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &input,
                            const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
    at::AutoDispatchBelowAutograd below;
    context->save_for_backward({input, weight});
    context->saved_data["has_bias"] = bias.has_value();
    auto rows = product(input.reshape({-1, input.size(-1)}), weight, bias);
    auto shape = input.sizes().vec();
    shape.back() = weight.size(0);
    // A plain view could not be overwritten by what follows, as torch's own product can.
    return at::_unsafe_view(rows, shape);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 const torch::autograd::variable_list &gradients) {
    at::AutoDispatchBelowAutograd below;
    const auto saved = context->get_saved_variables();
    const auto &input = saved[0], &weight = saved[1];
    const auto gradient = gradients[0].reshape({-1, weight.size(0)});
    torch::autograd::variable_list result(3);
    if (context->needs_input_grad(0))
      result[0] = product(gradient, weight.t(), std::nullopt).view(input.sizes());
    if (context->needs_input_grad(1))
      result[1] = product(gradient.t(), input.reshape({-1, input.size(-1)}).t(), std::nullopt);
    if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(2))
      result[2] = gradient.sum(0);
    return result;
  }
};

/// Whether oneDNN's product is there for these, and they are large enough to pay for its set-up.
bool product_applies(const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  auto is_float = [](const at::Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kFloat; };
  if (!is_float(input) || !is_float(weight) || (bias && !is_float(*bias)) || weight.dim() != 2 || input.dim() < 2 ||
      input.size(-1) != weight.size(1))
    return false;
  return input.numel() * weight.size(0) >= 4'000'000 && linear_pointwise().has_value();
}

} // namespace

ct_status ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input), &w = unwrap(weight);
    const auto b = unwrap_optional(bias);
    if (fast_kernels_allowed() && product_applies(x, w, b))
      *out = wrap(Linear::apply(x, w, b));
    else
      *out = wrap(at::linear(x, w, b));
  });
}
