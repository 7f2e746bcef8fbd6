#include "ctorch_ops.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/div.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>

#include <vector>

#include "Guard.h"

using namespace ctorch;

ct_status ct_add(ct_tensor a, ct_tensor b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::add(unwrap(a), unwrap(b))); });
}

ct_status ct_sub(ct_tensor a, ct_tensor b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::sub(unwrap(a), unwrap(b))); });
}

ct_status ct_mul(ct_tensor a, ct_tensor b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::mul(unwrap(a), unwrap(b))); });
}

ct_status ct_div(ct_tensor a, ct_tensor b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::div(unwrap(a), unwrap(b))); });
}

ct_status ct_add_scalar(ct_tensor a, double b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::add(unwrap(a), b)); });
}

ct_status ct_mul_scalar(ct_tensor a, double b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::mul(unwrap(a), b)); });
}

ct_status ct_div_scalar(ct_tensor a, double b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::div(unwrap(a), at::Scalar(b))); });
}

ct_status ct_add_in_place(ct_tensor a, ct_tensor b) {
  return guard([&] { unwrap(a).add_(unwrap(b)); });
}

ct_status ct_mul_in_place(ct_tensor a, ct_tensor b) {
  return guard([&] { unwrap(a).mul_(unwrap(b)); });
}

ct_status ct_affine_in_place(ct_tensor a, double scale, double shift) {
  return guard([&] { unwrap(a).mul_(scale).add_(shift); });
}

ct_status ct_copy_in_place(ct_tensor destination, ct_tensor source) {
  return guard([&] { unwrap(destination).copy_(unwrap(source)); });
}

ct_status ct_exp(ct_tensor a, ct_tensor *out) {
  return guard([&] { *out = wrap(at::exp(unwrap(a))); });
}

ct_status ct_sin(ct_tensor a, ct_tensor *out) {
  return guard([&] { *out = wrap(at::sin(unwrap(a))); });
}

ct_status ct_cos(ct_tensor a, ct_tensor *out) {
  return guard([&] { *out = wrap(at::cos(unwrap(a))); });
}

ct_status ct_abs(ct_tensor a, ct_tensor *out) {
  return guard([&] { *out = wrap(at::abs(unwrap(a))); });
}

ct_status ct_clamp(ct_tensor a, double low, double high, ct_tensor *out) {
  return guard([&] { *out = wrap(at::clamp(unwrap(a), low, high)); });
}

ct_status ct_matmul(ct_tensor a, ct_tensor b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::matmul(unwrap(a), unwrap(b))); });
}

ct_status ct_sum(ct_tensor a, ct_tensor *out) {
  return guard([&] { *out = wrap(at::sum(unwrap(a))); });
}

ct_status ct_mean(ct_tensor a, const int64_t *axes, int32_t axis_count, bool keep, ct_tensor *out) {
  return guard([&] { *out = wrap(at::mean(unwrap(a), array(axes, axis_count), keep)); });
}

ct_status ct_max(ct_tensor a, ct_tensor *out) {
  return guard([&] { *out = wrap(at::max(unwrap(a))); });
}

ct_status ct_argmax(ct_tensor a, int64_t axis, ct_tensor *out) {
  return guard([&] { *out = wrap(at::argmax(unwrap(a), axis)); });
}

ct_status ct_greater_scalar(ct_tensor a, double b, ct_tensor *out) {
  return guard([&] { *out = wrap(at::gt(unwrap(a), b)); });
}

ct_status ct_item(ct_tensor a, double *out) {
  return guard([&] { *out = unwrap(a).item().toDouble(); });
}

ct_status ct_reshape(ct_tensor a, const int64_t *sizes, int32_t dimension_count, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(a).reshape(array(sizes, dimension_count))); });
}

ct_status ct_permute(ct_tensor a, const int64_t *axes, int32_t axis_count, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(a).permute(array(axes, axis_count))); });
}

ct_status ct_transpose(ct_tensor a, int64_t axis0, int64_t axis1, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(a).transpose(axis0, axis1)); });
}

ct_status ct_unsqueeze(ct_tensor a, int64_t axis, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(a).unsqueeze(axis)); });
}

ct_status ct_expand(ct_tensor a, const int64_t *sizes, int32_t dimension_count, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(a).expand(array(sizes, dimension_count))); });
}

ct_status ct_narrow(ct_tensor a, int64_t axis, int64_t start, int64_t length, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(a).narrow(axis, start, length)); });
}

ct_status ct_index_select(ct_tensor a, int64_t axis, ct_tensor index, ct_tensor *out) {
  return guard([&] { *out = wrap(at::index_select(unwrap(a), axis, unwrap(index))); });
}

ct_status ct_cat(const ct_tensor *tensors, int32_t tensor_count, int64_t axis, ct_tensor *out) {
  return guard([&] {
    std::vector<at::Tensor> list;
    list.reserve(static_cast<size_t>(tensor_count));
    for (int32_t i = 0; i < tensor_count; ++i)
      list.push_back(unwrap(tensors[i]));
    *out = wrap(at::cat(list, axis));
  });
}
