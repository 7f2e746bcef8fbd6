// Devices, threads and seeds: the state that is the process's.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How many devices of a type this libtorch can use here; 0 where there is none.
int32_t ct_device_count(ct_device_type type);
/// Why libtorch's CUDA part, which is there, was not loaded: a driver or a library that is missing; "" otherwise.
const char *ct_cuda_problem(void);
/// Free and total bytes of an accelerator's memory.
ct_status ct_device_memory(ct_device device, int64_t *free_bytes, int64_t *total_bytes);
/// The most bytes of a CUDA device's memory that libtorch's allocator held at once; 0 for other devices.
ct_status ct_device_peak_memory(ct_device device, int64_t *bytes);
/// What float32 is computed in on a CUDA device: products and convolutions in float32 (IEEE), both in TF32, whose
/// mantissa has 10 bits, or torch's default, which is TF32 for convolutions alone.
typedef enum { CT_TORCH_DEFAULT = 0, CT_IEEE = 1, CT_TF32 = 2 } ct_float32_arithmetic;
void ct_set_float32_arithmetic(ct_float32_arithmetic arithmetic);
ct_float32_arithmetic ct_current_float32_arithmetic(void);
/// From now on the same input gives the same bits on a CUDA device, wherever torch has an algorithm that does.
void ct_use_deterministic_algorithms(void);
/// Waits for all work on an accelerator. A fault of earlier work may surface here. Does nothing on the CPU.
ct_status ct_synchronize(ct_device device);

int32_t ct_thread_count(void);
ct_status ct_set_thread_count(int32_t count);
ct_status ct_manual_seed(int64_t seed);
/// Large pages and one arena for the whole process: for a program to call first of all, never for a library. Without it
/// the process stays as its owner made it.
void ct_configure_process(void);
/// Whether freed host memory stays with the process, so that the next pass need not ask the kernel for it, or all of it
/// is given back at once. Without a call, glibc keeps what is under 32 MiB. For the whole process; of use with glibc
/// only.
void ct_keep_freed_memory(bool keeps);
/// The CPU instruction set that torch's kernels use, such as "AVX2".
const char *ct_cpu_capability(void);
/// Counts torch's operations on this thread, those within others included, until the counts are asked for.
ct_status ct_begin_operation_counts(void);
/// Calls `visit` with each name, such as "aten::copy_", and how often it was called.
void ct_end_operation_counts(void (*visit)(const char *name, int64_t count, void *context), void *context);

#ifdef __cplusplus
}
#endif
