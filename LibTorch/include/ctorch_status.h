// Status codes and the last error's message: what every function of this library returns.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a call ended. The kinds are those that a caller can act on.
typedef enum ct_status {
  CT_OK = 0,
  /// Host or device memory ran out; nothing was changed and the process can go on.
  CT_OUT_OF_MEMORY = 1,
  /// libtorch refused the operation (shapes, dtypes, devices).
  CT_TORCH_ERROR = 2,
  /// Any other C++ exception.
  CT_OTHER = 3,
} ct_status;

/// The message of the last call on this thread that did not return CT_OK. Valid until the next call on this thread.
const char *ct_last_error(void);

/// CTORCH_INTERFACE as it was when this library was compiled. One that differs from a program's own means that its
/// calls would go wrong.
const char *ct_interface(void);

/// The version and build of libtorch that this library was compiled against, such as "2.13.0+cpu".
const char *ct_torch_version(void);

/// The version and build of the torch whose library is loaded, as its version.py says; "" where there is no such file.
const char *ct_loaded_torch_version(void);

#ifdef __cplusplus
}
#endif
