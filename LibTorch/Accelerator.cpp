// The CUDA part is not linked, so that a CUDA build of torch serves a machine without CUDA's libraries, and not loaded
// where there is no driver, for it brings some 400 MB of libraries with it.
#include "Accelerator.h"

#include <dlfcn.h>

#include <filesystem>

#include <ATen/Parallel.h>

namespace {

/// Why the driver gives no device; "" where it does. It is asked by its own interface, a C library that needs nothing
/// of CUDA's.
std::string driver_problem() {
  void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
  if (driver == nullptr)
    return "no NVIDIA driver was found (libcuda.so.1)";
  using Initialize = int(unsigned);
  using Count = int(int *);
  auto *initialize = reinterpret_cast<Initialize *>(dlsym(driver, "cuInit"));
  auto *count = reinterpret_cast<Count *>(dlsym(driver, "cuDeviceGetCount"));
  int devices = 0, status = initialize == nullptr || count == nullptr ? -1 : initialize(0);
  if (status == 0)
    status = count(&devices);
  if (status != 0)
    return "the NVIDIA driver does not start (cuInit: error " + std::to_string(status) + ")";
  return devices > 0 ? "" : "the NVIDIA driver shows no device";
}

/// Whether the torch that is loaded was built with CUDA.
bool has_cuda_part() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void *>(&at::get_num_threads), &info) == 0 || info.dli_fname == nullptr)
    return false;
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::path(info.dli_fname).parent_path() / "libtorch_cuda.so", ignored);
}

} // namespace

const std::string &ctorch::load_cuda() {
  static const std::string problem = []() -> std::string {
    if (!has_cuda_part())
      return "";
    if (std::string reason = driver_problem(); !reason.empty())
      return reason;
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr)
      return "";
    const char *reason = dlerror();
    return reason == nullptr ? "libtorch_cuda.so could not be loaded" : reason;
  }();
  return problem;
}
