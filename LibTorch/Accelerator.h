// libtorch's CUDA part, loaded when it is of use. For the .cpp files of this library only.
#pragma once

#include <string>

namespace ctorch {

/// Loads libtorch's CUDA part where a driver with a device is there, once; why it did not, or "" where it did or where
/// torch has no such part.
///
/// Whatever makes libtorch look for accelerators has to call it first: hooks are asked for once and kept, so a part
/// that comes later is never seen.
const std::string &load_cuda();

} // namespace ctorch
