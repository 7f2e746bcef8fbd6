// The kernel clears each page of memory when it is first touched, and activations are many megabytes: that took an
// eighth of the VAE's time at 512 x 512, and a fifth of an update of training at 256 x 256.
#include "ctorch_device.h"

#include "KeptMemory.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void ct_keep_freed_memory(bool keeps) {
  ctorch::keep_large_blocks(keeps);
#ifdef __GLIBC__
  // 65536 and 128 KiB are glibc's own, but with either set by hand it no longer learns to keep what is under 32 MiB.
  mallopt(M_MMAP_MAX, keeps ? 0 : 65536);
  mallopt(M_TRIM_THRESHOLD, keeps ? -1 : 128 * 1024);
#endif
}

void ct_configure_process(void) {
  // c10 asks for large pages where this variable says so, and reads it at its first allocation.
  setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
  // cuBLAS gives the same bits each time with workspaces of these sizes.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  // Without them pictures of many sizes leave a device's memory in pieces that fit nothing.
  if (getenv("PYTORCH_CUDA_ALLOC_CONF") == nullptr)
    setenv("PYTORCH_ALLOC_CONF", "expandable_segments:True", 0);
#ifdef __GLIBC__
  // In the arenas of other threads than the first, what is over 64 MiB is always mapped, and never kept.
  mallopt(M_ARENA_MAX, 1);
#endif
}
