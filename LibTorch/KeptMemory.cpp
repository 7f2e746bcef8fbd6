// glibc either gives a large block back when it is freed, so that the kernel clears its pages anew for the next one,
// or, told to keep it, cuts it into pieces, so that blocks of other sizes find no place and the peak grows by a half.
// Here blocks stay whole, and so many that what is in use and what is kept never come to more than the most that was in
// use at once: the peak is that of a process that keeps nothing.
#include "KeptMemory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#ifdef __linux__

#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

namespace {

constexpr size_t page = size_t{2} << 20, smallest = size_t{8} << 20;

/// A block of memory of its own from the kernel, at a large page; null where there is none.
void *map(size_t size) {
  void *found = mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (found == MAP_FAILED)
    return nullptr;
  char *start = static_cast<char *>(found);
  const size_t ahead = (page - reinterpret_cast<uintptr_t>(start) % page) % page;
  if (ahead > 0)
    munmap(start, ahead);
  munmap(start + ahead + size, page - ahead);
  // What c10's own allocator asks for large pages by.
  static const char *const wants_large_pages = std::getenv("THP_MEM_ALLOC_ENABLE");
  if (wants_large_pages != nullptr && std::strcmp(wants_large_pages, "1") == 0)
    madvise(start + ahead, size, MADV_HUGEPAGE);
  return start + ahead;
}

class LargeBlocks final : public c10::Allocator {
public:
  c10::DataPtr allocate(size_t count) override {
    if (count < smallest) {
      void *small = c10::alloc_cpu(count);
      return {small, small, &give, c10::Device(c10::kCPU)};
    }
    const size_t size = (count + page - 1) / page * page;
    void *block = count > PTRDIFF_MAX - page ? nullptr : take(size);
    // The words by which exhaustion of libtorch's own allocator is told (Status.cpp).
    TORCH_CHECK(block != nullptr, "can't allocate memory: ", count, " bytes were asked for (", std::strerror(ENOMEM),
                ")");
    return {block, block, &give, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give; }
  void copy_data(void *target, const void *source, std::size_t count) const override {
    default_copy_data(target, source, count);
  }

  void keep(bool keeps) {
    std::lock_guard lock(mutex_);
    keeps_ = keeps;
    if (keeps)
      return;
    shrink(0);
    most_ = in_use_;
  }

  static LargeBlocks &shared() {
    // Never destroyed: tensors may outlive whatever is.
    static auto *const blocks = new LargeBlocks();
    return *blocks;
  }

private:
  struct Block {
    void *start;
    size_t size;
  };

  void *take(size_t size) {
    std::lock_guard lock(mutex_);
    auto best = kept_.end();
    for (auto block = kept_.begin(); block != kept_.end(); block++)
      if (block->size >= size && block->size <= size + size / 8 && (best == kept_.end() || block->size < best->size))
        best = block;
    if (best != kept_.end()) {
      const Block block = *best;
      kept_.erase(best);
      kept_bytes_ -= block.size;
      return use(block);
    }
    const size_t others = in_use_ + size;
    shrink(others < most_ ? most_ - others : 0);
    void *start = map(size);
    if (start == nullptr) {
      shrink(0);
      start = map(size);
    }
    return start == nullptr ? nullptr : use({start, size});
  }

  void *use(Block block) {
    sizes_[block.start] = block.size;
    in_use_ += block.size;
    most_ = std::max(most_, in_use_);
    return block.start;
  }

  static void give(void *start) {
    // Large blocks begin at a large page, and small ones hardly ever do.
    if (reinterpret_cast<uintptr_t>(start) % page != 0) {
      c10::free_cpu(start);
      return;
    }
    auto &self = shared();
    std::unique_lock lock(self.mutex_);
    const auto found = self.sizes_.find(start);
    if (found == self.sizes_.end()) {
      lock.unlock();
      c10::free_cpu(start);
      return;
    }
    const Block block{start, found->second};
    self.sizes_.erase(found);
    self.in_use_ -= block.size;
    if (!self.keeps_) {
      munmap(block.start, block.size);
      return;
    }
    self.kept_.push_back(block);
    self.kept_bytes_ += block.size;
  }

  /// Gives back what was freed first until no more than so many bytes are kept.
  void shrink(size_t limit) {
    while (kept_bytes_ > limit) {
      munmap(kept_.front().start, kept_.front().size);
      kept_bytes_ -= kept_.front().size;
      kept_.pop_front();
    }
  }

  std::mutex mutex_;
  bool keeps_ = false;
  /// Sizes of the blocks in use.
  std::unordered_map<void *, size_t> sizes_;
  /// Freed blocks, the newest last.
  std::list<Block> kept_;
  size_t in_use_ = 0, kept_bytes_ = 0, most_ = 0;
};

} // namespace

void ctorch::keep_large_blocks(bool keeps) {
  auto &blocks = LargeBlocks::shared();
  static const bool is_set = [&] {
    c10::SetCPUAllocator(&blocks);
    return true;
  }();
  (void)is_set;
  blocks.keep(keeps);
}

#else

void ctorch::keep_large_blocks(bool) {}

#endif
