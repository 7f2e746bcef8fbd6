#include "ctorch_device.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <dlfcn.h>

#include <string>

#include "Guard.h"

using namespace ctorch;

namespace {

/// Loads libtorch's CUDA part, whose kernels register themselves, from the folder where this library finds torch. It is
/// not linked, so that a CUDA build of torch serves a machine without CUDA's libraries. The reason when it fails.
const std::string &load_cuda() {
  static const std::string problem = [] {
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr)
      return std::string();
    const char *reason = dlerror();
    std::string text = reason == nullptr ? "" : reason;
    // A CPU build has no such file: that is no problem to report.
    return text.rfind("libtorch_cuda.so:", 0) == 0 ? std::string() : text;
  }();
  return problem;
}

} // namespace

int32_t ct_device_count(ct_device_type type) {
  if (type == CT_CPU)
    return 1;
  try {
    if (type == CT_CUDA)
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
    auto statistics = at::accelerator::getDeviceStats(device_of(device).index());
    *bytes = statistics.allocated_bytes[0].peak;
  });
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
  return guard([&] { at::manual_seed(static_cast<uint64_t>(seed)); });
}

const char *ct_cpu_capability(void) {
  static const std::string capability = at::get_cpu_capability();
  return capability.c_str();
}
