#include "ctorch_losses.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/softmax.h>

#include "Guard.h"

using namespace ctorch;

ct_status ct_binary_cross_entropy_with_logits(ct_tensor input, ct_tensor target, ct_tensor *out) {
  return guard([&] { *out = wrap(at::binary_cross_entropy_with_logits(unwrap(input), unwrap(target))); });
}

ct_status ct_cross_entropy(ct_tensor input, ct_tensor target, ct_tensor *out) {
  return guard([&] { *out = wrap(at::cross_entropy_loss(unwrap(input), unwrap(target))); });
}

ct_status ct_softmax(ct_tensor input, int64_t axis, ct_tensor *out) {
  return guard([&] { *out = wrap(at::softmax(unwrap(input), axis)); });
}

ct_status ct_max_pool2d(ct_tensor input, int64_t kernel, int64_t padding, ct_tensor *out) {
  return guard([&] { *out = wrap(at::max_pool2d(unwrap(input), {kernel}, {1}, {padding})); });
}
