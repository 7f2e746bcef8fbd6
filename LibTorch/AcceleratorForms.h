// What CUDA devices take in the place of this library's kernels for the CPU. For the .cpp files of this library only.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctorch {

/// Whether `x` goes through the forms below: it is on a CUDA device, fast kernels are allowed and nothing is recorded;
/// or a test asks for them on the CPU (ct_set_accelerator_forms).
bool takes_accelerator_form(const at::Tensor &x);

/// Whether a test asks for the forms of accelerators on this thread.
bool accelerator_forms_are_forced();

/// silu(group_norm(x)) of [N, C, H, W] with channels last, which stays so: torch's group norm makes planes of its input
/// first, and each convolution after it would turn them back.
at::Tensor channels_last_group_norm_silu(const at::Tensor &x, int64_t group_count, const at::Tensor &weight,
                                         const at::Tensor &bias, double eps, bool consumes);

/// Attention [N, heads, L, d] of heads that are wider than the quick kernels for accelerators take, for so many queries
/// at once that their float32 scores take some 128 MiB.
at::Tensor wide_attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value);

} // namespace ctorch
