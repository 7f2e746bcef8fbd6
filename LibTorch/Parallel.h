// at::parallel_for for any compiler. torch's own is a header, which runs on one thread where the compiler is not asked
// for OpenMP; and Clang's OpenMP is another library than torch's, with threads of its own that would compete with them.
// So without `_OPENMP` the calls that GCC makes of the pragma are made by hand: they are libgomp's stable interface.
#pragma once

#include <ATen/Parallel.h>

#if AT_PARALLEL_OPENMP && !defined(_OPENMP) && defined(__linux__)

#include <algorithm>
#include <atomic>
#include <exception>

extern "C" {
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_in_parallel(void);
}

namespace ctorch {

template <typename Body> inline void parallel_for(int64_t begin, int64_t end, int64_t grain_size, const Body &body) {
  if (begin >= end)
    return;
  const int64_t parts = std::min<int64_t>(at::get_num_threads(), (end - begin + std::max<int64_t>(grain_size, 1) - 1) /
                                                                     std::max<int64_t>(grain_size, 1));
  if (parts <= 1 || omp_in_parallel()) {
    body(begin, end);
    return;
  }
  struct Team {
    const Body &body;
    int64_t begin, end;
    std::atomic_flag has_failed = ATOMIC_FLAG_INIT;
    std::exception_ptr failure{};
  } team{body, begin, end};
  GOMP_parallel(
      [](void *data) {
        auto &team = *static_cast<Team *>(data);
        const int64_t threads = omp_get_num_threads(), size = (team.end - team.begin + threads - 1) / threads;
        const int64_t first = team.begin + omp_get_thread_num() * size, last = std::min(team.end, first + size);
        try {
          if (first < last)
            team.body(first, last);
        } catch (...) {
          if (!team.has_failed.test_and_set())
            team.failure = std::current_exception();
        }
      },
      &team, static_cast<unsigned>(parts), 0);
  if (team.failure)
    std::rethrow_exception(team.failure);
}

} // namespace ctorch

#else

namespace ctorch {
using at::parallel_for;
} // namespace ctorch

#endif
