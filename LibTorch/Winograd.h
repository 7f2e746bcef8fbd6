// 3 x 3 convolutions by Winograd's algorithm. For the .cpp files of this library only.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace ctorch {

/// Whether the algorithm can do this convolution and is quicker than a direct one.
bool winograd_wins(const at::Tensor &input, const at::Tensor &weight, int64_t stride, int64_t padding);

/// input [N, C, H, W], weight [out, C, 3, 3], bias [out] or none; stride and zero padding are 1. Records nothing. Where
/// oneDNN's micro kernels are not there, it is NNPACK's convolution, or the usual one.
at::Tensor winograd_convolution(const at::Tensor &input, const at::Tensor &weight,
                                const std::optional<at::Tensor> &bias);

} // namespace ctorch
