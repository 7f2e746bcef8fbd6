// Process groups: c10d's stores and collectives, by Gloo between hosts' memories and by NCCL between CUDA devices.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Where processes find each other: a map of texts that all of them see.
typedef struct ct_store {
  void *impl;
} ct_store;

/// A rank's place among processes that compute together.
typedef struct ct_process_group {
  void *impl;
} ct_process_group;

/// A collective under way.
typedef struct ct_work {
  void *impl;
} ct_work;

typedef enum ct_reduction { CT_SUM = 0, CT_MAXIMUM = 1, CT_MINIMUM = 2 } ct_reduction;

/// A store of this process's own, for groups of several threads.
ct_status ct_store_in_memory(ct_store *out);
/// The store at an address, which `serves` makes this process host; port 0 takes a free one.
ct_status ct_store_tcp(const char *host, int32_t port, bool serves, double timeout_seconds, ct_store *out);
/// The same store with `prefix` before every key.
ct_status ct_store_prefixed(ct_store store, const char *prefix, ct_store *out);
/// A connection of its own to the same store, for another thread.
ct_status ct_store_clone(ct_store store, ct_store *out);
/// The port of a store at an address; 0 for others.
int32_t ct_store_port(ct_store store);
ct_status ct_store_set(ct_store store, const char *key, const char *text);
/// Waits for the key, for at most the store's timeout. The text is the caller's, to be freed with free().
ct_status ct_store_get(ct_store store, const char *key, char **text);
ct_status ct_store_has(ct_store store, const char *key, bool *has);
/// Adds to the number that a key holds, 0 at first, and gives the sum.
ct_status ct_store_add(ct_store store, const char *key, int64_t amount, int64_t *sum);
ct_status ct_store_set_timeout(ct_store store, double seconds);
void ct_store_free(ct_store store);

/// Why there is no NCCL for CUDA devices; "" where there is.
const char *ct_nccl_problem(void);

/// Joins. Returns when all have. With a CUDA device its tensors go by NCCL; the CPU's go by Gloo in any case.
ct_status ct_process_group_join(ct_store store, int32_t rank, int32_t size, ct_device device, double timeout_seconds,
                                ct_process_group *out);
void ct_process_group_free(ct_process_group group);

// Each begins one collective, which all ranks must begin in the same order. Tensors must be contiguous, and stay as
// they are until ct_work_wait.
ct_status ct_begin_all_reduce(ct_process_group group, ct_tensor tensor, ct_reduction reduction, ct_work *out);
/// `flat` becomes the shards of all ranks, in their order.
ct_status ct_begin_all_gather(ct_process_group group, ct_tensor flat, ct_tensor shard, ct_work *out);
/// `shard` becomes this rank's part of the reduced `flat`, whose own content is lost.
ct_status ct_begin_reduce_scatter(ct_process_group group, ct_tensor flat, ct_tensor shard, ct_reduction reduction,
                                  ct_work *out);
ct_status ct_begin_broadcast(ct_process_group group, ct_tensor tensor, int32_t root, ct_work *out);
/// At the root `flat` becomes the shards of all ranks; elsewhere it is null.
ct_status ct_begin_gather(ct_process_group group, ct_tensor flat, ct_tensor shard, int32_t root, ct_work *out);
ct_status ct_begin_barrier(ct_process_group group, ct_work *out);

/// Waits until the result can be used: of the CPU's tensors until it is there, of CUDA's until later work on the device
/// follows it.
ct_status ct_work_wait(ct_work work);
/// When the collective ended, in nanoseconds of CLOCK_MONOTONIC; 0 where that is not known (yet).
int64_t ct_work_ended(ct_work work);
void ct_work_free(ct_work work);

#ifdef __cplusplus
}
#endif
