// Devices, threads and seeds: the state that is the process's.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How many devices of a type this libtorch can use here; 0 where there is none.
int32_t ct_device_count(ct_device_type type);
/// Why libtorch's CUDA part could not be loaded although it is there, such as a library that it lacks; "" otherwise.
const char *ct_cuda_problem(void);
/// Free and total bytes of an accelerator's memory.
ct_status ct_device_memory(ct_device device, int64_t *free_bytes, int64_t *total_bytes);
/// The most bytes of an accelerator's memory that were in use at once.
ct_status ct_device_peak_memory(ct_device device, int64_t *bytes);
/// Waits for all work on an accelerator. A fault of earlier work may surface here. Does nothing on the CPU.
ct_status ct_synchronize(ct_device device);

int32_t ct_thread_count(void);
ct_status ct_set_thread_count(int32_t count);
ct_status ct_manual_seed(int64_t seed);
/// Large pages and one arena for the whole process: for a program to call first of all, never for a library. Without it
/// the process stays as its owner made it.
void ct_configure_process_allocator(void);
/// Whether freed host memory stays with the process, so that the next pass need not ask the kernel for it, or all of it
/// is given back at once. Without a call, glibc keeps what is under 32 MiB. For the whole process; of use with glibc
/// only.
void ct_keep_freed_memory(bool keeps);
/// The CPU instruction set that torch's kernels use, such as "AVX2".
const char *ct_cpu_capability(void);

#ifdef __cplusplus
}
#endif
