#include "ctorch_tensor.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>

#include <atomic>

#include "Accelerator.h"
#include "Guard.h"

using namespace ctorch;

namespace {

std::atomic<int64_t> live_count{0};

at::TensorOptions options(ct_dtype dtype, ct_device device) {
  return at::TensorOptions().dtype(scalar_type(dtype)).device(device_of(device));
}

} // namespace

namespace ctorch {

ct_tensor wrap(at::Tensor tensor) {
  auto *impl = new at::Tensor(std::move(tensor));
  live_count.fetch_add(1, std::memory_order_relaxed);
  return ct_tensor{impl};
}

c10::Device device_of(ct_device device) {
  switch (device.type) {
  case CT_CPU:
    return c10::Device(c10::kCPU);
  case CT_CUDA:
    load_cuda();
    return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device.index));
  case CT_MPS:
    return c10::Device(c10::kMPS, static_cast<c10::DeviceIndex>(device.index));
  }
  TORCH_CHECK(false, "unknown device type ", static_cast<int>(device.type));
}

c10::ScalarType scalar_type(ct_dtype dtype) {
  switch (dtype) {
  case CT_FLOAT32:
    return c10::kFloat;
  case CT_FLOAT16:
    return c10::kHalf;
  case CT_BFLOAT16:
    return c10::kBFloat16;
  case CT_INT64:
    return c10::kLong;
  case CT_UINT8:
    return c10::kByte;
  case CT_BOOL:
    return c10::kBool;
  case CT_FLOAT64:
    return c10::kDouble;
  case CT_INT32:
    return c10::kInt;
  case CT_INT8:
    return c10::kChar;
  }
  TORCH_CHECK(false, "unknown dtype ", static_cast<int>(dtype));
}

} // namespace ctorch

void ct_tensor_free(ct_tensor tensor) {
  if (tensor.impl == nullptr)
    return;
  delete &unwrap(tensor);
  live_count.fetch_sub(1, std::memory_order_relaxed);
}

int64_t ct_tensor_live_count(void) { return live_count.load(std::memory_order_relaxed); }

ct_status ct_tensor_from_memory(void *data, const int64_t *sizes, int32_t dimension_count, ct_dtype dtype,
                                void (*release)(void *), void *context, ct_tensor *out) {
  return guard([&] {
    auto options = at::TensorOptions().dtype(scalar_type(dtype));
    *out = wrap(at::from_blob(
        data, array(sizes, dimension_count), [release, context](void *) { release(context); }, options));
  });
}

ct_status ct_tensor_empty(const int64_t *sizes, int32_t dimension_count, ct_dtype dtype, ct_device device,
                          ct_tensor *out) {
  return guard([&] { *out = wrap(at::empty(array(sizes, dimension_count), options(dtype, device))); });
}

ct_status ct_tensor_full(const int64_t *sizes, int32_t dimension_count, double value, ct_dtype dtype, ct_device device,
                         ct_tensor *out) {
  return guard([&] { *out = wrap(at::full(array(sizes, dimension_count), value, options(dtype, device))); });
}

ct_status ct_tensor_arange(int64_t start, int64_t end, ct_dtype dtype, ct_device device, ct_tensor *out) {
  return guard([&] { *out = wrap(at::arange(start, end, options(dtype, device))); });
}

ct_status ct_tensor_randn(const int64_t *sizes, int32_t dimension_count, int64_t seed, ct_dtype dtype, ct_device device,
                          ct_tensor *out) {
  return guard([&] {
    std::optional<at::Generator> generator;
    if (seed >= 0) {
      // A fresh generator of the device's own kind, so that the process's default one is left as it was.
      generator = at::globalContext().defaultGenerator(device_of(device)).clone();
      generator->set_current_seed(static_cast<uint64_t>(seed));
    }
    *out = wrap(at::randn(array(sizes, dimension_count), generator, options(dtype, device)));
  });
}

int32_t ct_tensor_dimension_count(ct_tensor tensor) { return static_cast<int32_t>(unwrap(tensor).dim()); }

void ct_tensor_sizes(ct_tensor tensor, int64_t *sizes) {
  auto source = unwrap(tensor).sizes();
  std::copy(source.begin(), source.end(), sizes);
}

int32_t ct_tensor_dtype(ct_tensor tensor) {
  switch (unwrap(tensor).scalar_type()) {
  case c10::kFloat:
    return CT_FLOAT32;
  case c10::kHalf:
    return CT_FLOAT16;
  case c10::kBFloat16:
    return CT_BFLOAT16;
  case c10::kLong:
    return CT_INT64;
  case c10::kByte:
    return CT_UINT8;
  case c10::kBool:
    return CT_BOOL;
  case c10::kDouble:
    return CT_FLOAT64;
  case c10::kInt:
    return CT_INT32;
  case c10::kChar:
    return CT_INT8;
  default:
    return -1;
  }
}

ct_device ct_tensor_device(ct_tensor tensor) {
  auto device = unwrap(tensor).device();
  auto type = device.is_cuda() ? CT_CUDA : device.is_mps() ? CT_MPS : CT_CPU;
  return ct_device{type, device.has_index() ? device.index() : 0};
}

bool ct_tensor_is_contiguous(ct_tensor tensor) { return unwrap(tensor).is_contiguous(); }

void *ct_tensor_data(ct_tensor tensor) { return unwrap(tensor).data_ptr(); }

ct_status ct_tensor_to(ct_tensor tensor, ct_dtype dtype, ct_device device, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(tensor).to(device_of(device), scalar_type(dtype))); });
}

ct_status ct_tensor_copy_to_host(ct_tensor tensor, void *destination, size_t byte_count) {
  return guard([&] {
    auto source = unwrap(tensor).detach().to(c10::kCPU).contiguous();
    TORCH_CHECK(source.nbytes() == byte_count, "the tensor has ", source.nbytes(), " bytes, the destination ",
                byte_count);
    std::memcpy(destination, source.const_data_ptr(), byte_count);
  });
}

ct_status ct_tensor_contiguous(ct_tensor tensor, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(tensor).contiguous()); });
}

ct_status ct_tensor_channels_last(ct_tensor tensor, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(tensor).contiguous(at::MemoryFormat::ChannelsLast)); });
}

ct_status ct_tensor_pin(ct_tensor tensor, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(tensor).pin_memory()); });
}

ct_status ct_tensor_clone(ct_tensor tensor, ct_tensor *out) {
  return guard([&] { *out = wrap(unwrap(tensor).clone(at::MemoryFormat::Contiguous)); });
}
