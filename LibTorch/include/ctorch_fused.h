// Several operations in one. Where fast kernels are allowed (ct_set_fast_kernels), on the CPU in float32 without
// recording, they are kernels of this library, which read and write memory once; elsewhere they are torch's own
// operations one after the other.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// silu(group_norm(input)); input [N, C, H, W], weight and bias [C]. Where `consumes`, the result may take the input's
/// memory, which is quicker than fresh memory.
ct_status ct_group_norm_silu(ct_tensor input, int64_t group_count, ct_tensor weight, ct_tensor bias, double eps,
                             bool consumes, ct_tensor *out);

/// The weights of the norms of queries and keys, [d] each; any may be missing.
typedef struct ct_head_norms {
  ct_tensor query, key, added_query, added_key;
} ct_head_norms;

/// Queries, keys and values of two kinds of tokens, put together and split into heads.
///
/// picture [N, T, 3D] holds queries, keys and values; prompt, which may be missing, [N, S, 3D] or, without queries, [N,
/// S, 2D]. Queries and keys of each head are divided by their root mean square and multiplied by the norm's weight,
/// where there is one; both are normed or none. Gives query [N, heads, T or T + S, d], key and value [N, heads, T + S,
/// d].
ct_status ct_joint_heads(ct_tensor picture, ct_tensor prompt, ct_head_norms norms, int64_t head_count, double eps,
                         ct_tensor *query, ct_tensor *key, ct_tensor *value);

/// For tests: whether this thread takes, on the CPU too, what accelerators take in the place of this library's kernels.
void ct_set_accelerator_forms(bool on_cpu);

#ifdef __cplusplus
}
#endif
