#include "ctorch_device.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <string>

#include "Accelerator.h"
#include "Guard.h"

using namespace ctorch;

int32_t ct_device_count(ct_device_type type) {
  if (type == CT_CPU)
    return 1;
  try {
    load_cuda();
    auto wanted = type == CT_CUDA ? c10::kCUDA : c10::kMPS;
    auto accelerator = at::accelerator::getAccelerator(false);
    if (!accelerator.has_value() || *accelerator != wanted)
      return 0;
    return static_cast<int32_t>(at::accelerator::deviceCount());
  } catch (...) {
    // A driver that is missing or does not fit counts as no device: that is what the caller can act on.
    return 0;
  }
}

const char *ct_cuda_problem(void) { return load_cuda().c_str(); }

ct_status ct_device_memory(ct_device device, int64_t *free_bytes, int64_t *total_bytes) {
  return guard([&] {
    auto [free, total] = at::accelerator::getMemoryInfo(device_of(device).index());
    *free_bytes = static_cast<int64_t>(free);
    *total_bytes = static_cast<int64_t>(total);
  });
}

ct_status ct_device_peak_memory(ct_device device, int64_t *bytes) {
  return guard([&] {
    // MPS's allocator keeps no such account.
    *bytes =
        device.type == CT_CUDA ? at::accelerator::getDeviceStats(device_of(device).index()).reserved_bytes[0].peak : 0;
  });
}

void ct_set_float32_arithmetic(ct_float32_arithmetic arithmetic) {
  auto &context = at::globalContext();
  context.setAllowTF32CuBLAS(arithmetic == CT_TF32);
  context.setAllowTF32CuDNN(arithmetic != CT_IEEE);
}

ct_float32_arithmetic ct_current_float32_arithmetic(void) {
  const auto &context = at::globalContext();
  if (context.allowTF32CuBLAS())
    return CT_TF32;
  return context.allowTF32CuDNN() ? CT_TORCH_DEFAULT : CT_IEEE;
}

void ct_use_deterministic_algorithms(void) {
  auto &context = at::globalContext();
  // Operations without such an algorithm go on with a warning. Memory is not filled: nothing reads what it did not
  // write.
  context.setDeterministicAlgorithms(true, true);
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(true);
}

ct_status ct_synchronize(ct_device device) {
  return guard([&] {
    if (device.type != CT_CPU)
      at::accelerator::synchronizeDevice(device_of(device).index());
  });
}

int32_t ct_thread_count(void) { return at::get_num_threads(); }

ct_status ct_set_thread_count(int32_t count) {
  return guard([&] { at::set_num_threads(count); });
}

ct_status ct_manual_seed(int64_t seed) {
  return guard([&] {
    load_cuda();
    at::manual_seed(static_cast<uint64_t>(seed));
  });
}

const char *ct_cpu_capability(void) {
  static const std::string capability = at::get_cpu_capability();
  return capability.c_str();
}
