// libctorch_nccl: c10d's NCCL backend, for which the headers of CUDA and NCCL are needed. libctorch loads it when a
// group is on a CUDA device, so that it itself needs neither.
#define USE_C10D_NCCL
#define USE_DISTRIBUTED

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "../Distributed.h"

extern "C" void ct_make_nccl(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size,
                             std::chrono::milliseconds timeout, c10::intrusive_ptr<c10d::Backend> *out) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  *out = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, std::move(options));
}
