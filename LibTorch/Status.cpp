#include "ctorch_status.h"

#include <c10/util/Exception.h>

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <cstring>
#include <fstream>
#include <string>

#include "Guard.h"
#include "ctorch_interface.h"

namespace {
thread_local std::string last_error;

/// libtorch reports exhaustion as a plain c10::Error too: its CPU allocator, and what it calls of CUDA's libraries.
bool is_exhaustion(const char *text) {
  for (const char *sign :
       {"can't allocate memory", "not enough memory", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
        "CUDNN_STATUS_ALLOC_FAILED", "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"})
    if (std::strstr(text, sign) != nullptr)
      return true;
  return false;
}
} // namespace

namespace ctorch {

ct_status fail(ct_status status, const char *message) noexcept {
  try {
    last_error = message;
  } catch (...) {
    last_error.clear();
  }
  return status;
}

ct_status status_of_current_exception() noexcept {
  try {
    throw;
  } catch (const c10::OutOfMemoryError &error) {
    return fail(CT_OUT_OF_MEMORY, error.what_without_backtrace());
  } catch (const c10::Error &error) {
    const char *text = error.what_without_backtrace();
    return fail(is_exhaustion(text) ? CT_OUT_OF_MEMORY : CT_TORCH_ERROR, text);
  } catch (const std::bad_alloc &) {
    return fail(CT_OUT_OF_MEMORY, "the host's memory ran out");
  } catch (const std::exception &error) {
    return fail(CT_OTHER, error.what());
  } catch (...) {
    return fail(CT_OTHER, "an unknown C++ exception");
  }
}

} // namespace ctorch

const char *ct_interface(void) { return CTORCH_INTERFACE; }

const char *ct_last_error(void) { return last_error.c_str(); }

const char *ct_loaded_torch_version(void) {
  static const std::string version = [] {
    Dl_info info;
    if (dladdr(reinterpret_cast<void *>(&at::get_num_threads), &info) == 0 || info.dli_fname == nullptr)
      return std::string();
    const std::string library = info.dli_fname;
    // Beside the library where Scripts/install put both, above it in torch's own folder.
    for (const char *place : {"/version.py", "/../version.py"}) {
      std::ifstream file(library.substr(0, library.rfind('/')) + place);
      const std::string key = "__version__ = '";
      for (std::string line; std::getline(file, line);)
        if (line.rfind(key, 0) == 0)
          return line.substr(key.size(), line.rfind('\'') - key.size());
    }
    return std::string();
  }();
  return version.c_str();
}

const char *ct_torch_version(void) { return CTORCH_TORCH_BUILD; }
