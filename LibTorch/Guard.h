// Turns every C++ exception into a status, and handles into at::Tensor. For the .cpp files of this library only.
#pragma once

#include <ATen/core/Tensor.h>

#include <exception>
#include <new>
#include <optional>

#include "ctorch_tensor.h"

namespace ctorch {

/// Records the message for ct_last_error and returns the status.
ct_status fail(ct_status status, const char *message) noexcept;
/// The status of the exception that is being handled.
ct_status status_of_current_exception() noexcept;

template <typename Body> ct_status guard(Body &&body) noexcept {
  try {
    body();
    return CT_OK;
  } catch (...) {
    return status_of_current_exception();
  }
}

inline at::Tensor &unwrap(ct_tensor tensor) { return *static_cast<at::Tensor *>(tensor.impl); }

inline std::optional<at::Tensor> unwrap_optional(ct_tensor tensor) {
  if (tensor.impl == nullptr)
    return std::nullopt;
  return unwrap(tensor);
}

/// A new owned handle.
ct_tensor wrap(at::Tensor tensor);

inline at::IntArrayRef array(const int64_t *values, int32_t count) {
  return at::IntArrayRef(values, static_cast<size_t>(count));
}

c10::Device device_of(ct_device device);
c10::ScalarType scalar_type(ct_dtype dtype);

} // namespace ctorch
