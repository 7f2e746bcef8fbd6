#define USE_C10D_GLOO
#define USE_DISTRIBUTED

#include "ctorch_distributed.h"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "Distributed.h"
#include "Guard.h"
#include "ctorch_device.h"

using namespace ctorch;

namespace {

using StorePointer = c10::intrusive_ptr<c10d::Store>;
using BackendPointer = c10::intrusive_ptr<c10d::Backend>;

struct Group {
  StorePointer store;
  BackendPointer cpu, cuda;

  c10d::Backend &of(const at::Tensor &tensor) const {
    TORCH_CHECK(tensor.is_cpu() || cuda, "the process group was joined for the CPU, and the tensor is on ",
                tensor.device());
    return tensor.is_cpu() ? *cpu : *cuda;
  }
};

struct Collective {
  c10::intrusive_ptr<c10d::Work> work;
  /// What is left to do when the work is done.
  std::function<void()> finish;
  std::shared_ptr<std::atomic<int64_t>> ended = std::make_shared<std::atomic<int64_t>>(0);
};

StorePointer &of(ct_store store) { return *static_cast<StorePointer *>(store.impl); }
Group &of(ct_process_group group) { return *static_cast<Group *>(group.impl); }
Collective &of(ct_work work) { return *static_cast<Collective *>(work.impl); }

ct_store wrap_store(StorePointer store) { return {new StorePointer(std::move(store))}; }

ct_work wrap_work(c10::intrusive_ptr<c10d::Work> work, bool is_cpu, std::function<void()> finish = nullptr) {
  auto collective = std::make_unique<Collective>();
  collective->work = std::move(work);
  collective->finish = std::move(finish);
  if (is_cpu) {
    collective->work->getFuture()->addCallback([ended = collective->ended](c10::ivalue::Future &) {
      *ended = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    });
  }
  return {collective.release()};
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

c10d::ReduceOp operation(ct_reduction reduction) {
  switch (reduction) {
  case CT_MAXIMUM:
    return c10d::ReduceOp::MAX;
  case CT_MINIMUM:
    return c10d::ReduceOp::MIN;
  default:
    return c10d::ReduceOp::SUM;
  }
}

BackendPointer make_gloo(const StorePointer &store, int rank, int size, std::chrono::milliseconds timeout) {
  using Gloo = c10d::ProcessGroupGloo;
  auto options = Gloo::Options::create(timeout);
  // As torch's own init_process_group reads it.
  const char *interfaces = std::getenv("GLOO_SOCKET_IFNAME");
  std::stringstream names(interfaces == nullptr ? "" : interfaces);
  for (std::string name; std::getline(names, name, ',');)
    options->devices.push_back(Gloo::createDeviceForInterface(name));
  if (options->devices.empty())
    options->devices.push_back(Gloo::createDefaultDevice());
  options->threads = static_cast<int>(options->devices.size()) * 2;
  return c10::make_intrusive<Gloo>(store, rank, size, std::move(options));
}

struct NCCL {
  MakeBackend make = nullptr;
  std::string problem;
};

const NCCL &nccl() {
  static const NCCL loaded = [] {
    NCCL result;
    if (ct_device_count(CT_CUDA) == 0) {
      result.problem = "there is no CUDA device";
      return result;
    }
    void *library = dlopen("libctorch_nccl.so", RTLD_NOW | RTLD_LOCAL);
    void *symbol = library == nullptr ? nullptr : dlsym(library, "ct_make_nccl");
    if (symbol == nullptr) {
      const char *reason = dlerror();
      result.problem = reason == nullptr ? "libctorch_nccl.so has no ct_make_nccl" : reason;
    }
    result.make = reinterpret_cast<MakeBackend>(symbol);
    return result;
  }();
  return loaded;
}

} // namespace

ct_status ct_store_in_memory(ct_store *out) {
  return guard([&] { *out = wrap_store(c10::make_intrusive<c10d::HashStore>()); });
}

ct_status ct_store_tcp(const char *host, int32_t port, bool serves, double timeout_seconds, ct_store *out) {
  return guard([&] {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = serves;
    // Joining waits for everybody anyway, and names who is missing.
    options.waitWorkers = false;
    options.timeout = milliseconds(timeout_seconds);
    options.multiTenant = true;
    *out = wrap_store(c10::make_intrusive<c10d::TCPStore>(host, options));
  });
}

ct_status ct_store_prefixed(ct_store store, const char *prefix, ct_store *out) {
  return guard([&] { *out = wrap_store(c10::make_intrusive<c10d::PrefixStore>(prefix, of(store))); });
}

ct_status ct_store_clone(ct_store store, ct_store *out) {
  return guard([&] { *out = wrap_store(of(store)->clone()); });
}

int32_t ct_store_port(ct_store store) {
  auto *tcp = dynamic_cast<c10d::TCPStore *>(of(store).get());
  return tcp == nullptr ? 0 : tcp->getPort();
}

ct_status ct_store_set(ct_store store, const char *key, const char *text) {
  return guard([&] { of(store)->set(key, std::vector<uint8_t>(text, text + std::strlen(text))); });
}

ct_status ct_store_get(ct_store store, const char *key, char **text) {
  return guard([&] {
    auto bytes = of(store)->get(key);
    *text = strndup(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  });
}

ct_status ct_store_has(ct_store store, const char *key, bool *has) {
  return guard([&] { *has = of(store)->check({key}); });
}

ct_status ct_store_add(ct_store store, const char *key, int64_t amount, int64_t *sum) {
  return guard([&] { *sum = of(store)->add(key, amount); });
}

ct_status ct_store_set_timeout(ct_store store, double seconds) {
  return guard([&] { of(store)->setTimeout(milliseconds(seconds)); });
}

void ct_store_free(ct_store store) { delete static_cast<StorePointer *>(store.impl); }

const char *ct_nccl_problem(void) { return nccl().problem.c_str(); }

ct_status ct_process_group_join(ct_store store, int32_t rank, int32_t size, ct_device device, double timeout_seconds,
                                ct_process_group *out) {
  return guard([&] {
    auto group = std::make_unique<Group>();
    group->store = of(store);
    const auto timeout = milliseconds(timeout_seconds);
    auto named = [&](const char *name) { return c10::make_intrusive<c10d::PrefixStore>(name, group->store); };
    group->cpu = make_gloo(named("gloo"), rank, size, timeout);
    if (device.type == CT_CUDA) {
      TORCH_CHECK(nccl().make != nullptr, nccl().problem);
      nccl().make(named("nccl"), rank, size, timeout, &group->cuda);
      group->cuda->setBoundDeviceId(device_of(device));
    }
    *out = {group.release()};
  });
}

void ct_process_group_free(ct_process_group group) { delete static_cast<Group *>(group.impl); }

ct_status ct_begin_all_reduce(ct_process_group group, ct_tensor tensor, ct_reduction reduction, ct_work *out) {
  return guard([&] {
    std::vector<at::Tensor> tensors{unwrap(tensor).detach()};
    c10d::AllreduceOptions options;
    options.reduceOp = operation(reduction);
    *out = wrap_work(of(group).of(tensors[0]).allreduce(tensors, options), tensors[0].is_cpu());
  });
}

ct_status ct_begin_all_gather(ct_process_group group, ct_tensor flat, ct_tensor shard, ct_work *out) {
  return guard([&] {
    auto output = unwrap(flat).detach(), input = unwrap(shard).detach();
    *out = wrap_work(of(group).of(input)._allgather_base(output, input), input.is_cpu());
  });
}

ct_status ct_begin_reduce_scatter(ct_process_group group, ct_tensor flat, ct_tensor shard, ct_reduction reduction,
                                  ct_work *out) {
  return guard([&] {
    auto input = unwrap(flat).detach(), output = unwrap(shard).detach();
    auto &backend = of(group).of(input);
    if (input.is_cuda()) {
      c10d::ReduceScatterOptions options;
      options.reduceOp = operation(reduction);
      *out = wrap_work(backend._reduce_scatter_base(output, input, options), false);
      return;
    }
    // Gloo's own reduces a copy of everything and keeps a part of it; in place it needs no memory.
    std::vector<at::Tensor> tensors{input};
    c10d::AllreduceOptions options;
    options.reduceOp = operation(reduction);
    const auto count = output.numel();
    const auto start = count * backend.getRank();
    *out = wrap_work(backend.allreduce(tensors, options), true, [input, output, start, count] {
      at::NoGradGuard no_gradients;
      output.view({-1}).copy_(input.view({-1}).narrow(0, start, count));
    });
  });
}

ct_status ct_begin_broadcast(ct_process_group group, ct_tensor tensor, int32_t root, ct_work *out) {
  return guard([&] {
    std::vector<at::Tensor> tensors{unwrap(tensor).detach()};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    *out = wrap_work(of(group).of(tensors[0]).broadcast(tensors, options), tensors[0].is_cpu());
  });
}

ct_status ct_begin_gather(ct_process_group group, ct_tensor flat, ct_tensor shard, int32_t root, ct_work *out) {
  return guard([&] {
    std::vector<at::Tensor> inputs{unwrap(shard).detach().view({-1})};
    auto &backend = of(group).of(inputs[0]);
    std::vector<std::vector<at::Tensor>> outputs;
    if (flat.impl != nullptr)
      outputs.push_back(unwrap(flat).detach().view({-1}).chunk(backend.getSize()));
    c10d::GatherOptions options;
    options.rootRank = root;
    *out = wrap_work(backend.gather(outputs, inputs, options), inputs[0].is_cpu());
  });
}

ct_status ct_begin_barrier(ct_process_group group, ct_work *out) {
  return guard([&] { *out = wrap_work(of(group).cpu->barrier(), true); });
}

ct_status ct_work_wait(ct_work work) {
  return guard([&] {
    of(work).work->wait();
    if (of(work).finish)
      of(work).finish();
  });
}

int64_t ct_work_ended(ct_work work) { return *of(work).ended; }

void ct_work_free(ct_work work) { delete static_cast<Collective *>(work.impl); }
