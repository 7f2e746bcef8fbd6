// Tensors: making them, reading them, moving them. A ct_tensor that a function returns is owned by the caller and is
// released with ct_tensor_free; tensors passed as arguments are borrowed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctorch_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor {
  void *impl;
} ct_tensor;

/// The dtypes that the project uses.
typedef enum ct_dtype {
  CT_FLOAT32 = 0,
  CT_FLOAT16 = 1,
  CT_BFLOAT16 = 2,
  CT_INT64 = 3,
  CT_UINT8 = 4,
  CT_BOOL = 5,
  CT_FLOAT64 = 6,
  CT_INT32 = 7,
  CT_INT8 = 8,
} ct_dtype;

typedef enum ct_device_type { CT_CPU = 0, CT_CUDA = 1, CT_MPS = 2 } ct_device_type;

typedef struct ct_device {
  ct_device_type type;
  int32_t index;
} ct_device;

void ct_tensor_free(ct_tensor tensor);
/// How many tensors of this library are alive in the process: leaks show as a count that grows.
int64_t ct_tensor_live_count(void);

/// A CPU tensor over memory that the caller keeps; `release(context)` is called when torch needs it no longer.
ct_status ct_tensor_from_memory(void *data, const int64_t *sizes, int32_t dimension_count, ct_dtype dtype,
                                void (*release)(void *), void *context, ct_tensor *out);
ct_status ct_tensor_empty(const int64_t *sizes, int32_t dimension_count, ct_dtype dtype, ct_device device,
                          ct_tensor *out);
ct_status ct_tensor_full(const int64_t *sizes, int32_t dimension_count, double value, ct_dtype dtype, ct_device device,
                         ct_tensor *out);
ct_status ct_tensor_arange(int64_t start, int64_t end, ct_dtype dtype, ct_device device, ct_tensor *out);
/// Standard normal values. `seed` >= 0 draws from a generator of its own; -1 from the process's default one.
ct_status ct_tensor_randn(const int64_t *sizes, int32_t dimension_count, int64_t seed, ct_dtype dtype, ct_device device,
                          ct_tensor *out);

int32_t ct_tensor_dimension_count(ct_tensor tensor);
/// Fills `sizes`, which has room for ct_tensor_dimension_count values.
void ct_tensor_sizes(ct_tensor tensor, int64_t *sizes);
/// -1 where the dtype is not one of ct_dtype.
int32_t ct_tensor_dtype(ct_tensor tensor);
ct_device ct_tensor_device(ct_tensor tensor);
bool ct_tensor_is_contiguous(ct_tensor tensor);
/// The address of the first element in host or device memory.
void *ct_tensor_data(ct_tensor tensor);

/// Converts dtype and device; returns the same tensor (a second handle) where nothing changes.
ct_status ct_tensor_to(ct_tensor tensor, ct_dtype dtype, ct_device device, ct_tensor *out);
/// Copies `byte_count` bytes, which must be the whole tensor, in row order to host memory. Waits for the device.
ct_status ct_tensor_copy_to_host(ct_tensor tensor, void *destination, size_t byte_count);
ct_status ct_tensor_contiguous(ct_tensor tensor, ct_tensor *out);
/// [N, C, H, W] with the channels of a position side by side in memory.
ct_status ct_tensor_channels_last(ct_tensor tensor, ct_tensor *out);
ct_status ct_tensor_clone(ct_tensor tensor, ct_tensor *out);
/// A copy in pinned host memory; needs a CUDA device.
ct_status ct_tensor_pin(ct_tensor tensor, ct_tensor *out);

#ifdef __cplusplus
}
#endif
