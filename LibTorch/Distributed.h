// What Distributed.cpp and libctorch_nccl share.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>

namespace ctorch {

using MakeBackend = void (*)(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size,
                             std::chrono::milliseconds timeout, c10::intrusive_ptr<c10d::Backend> *out);

} // namespace ctorch
