#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include "ctorch_fused.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/silu.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "AcceleratorForms.h"
#include "Exponential.h"
#include "FastKernels.h"
#include "Guard.h"
#include "Lanes.h"
#include "Parallel.h"
#include "Processors.h"

using namespace ctorch;

namespace {

/// Floats are added up over so many values, then in double precision.
constexpr int64_t chunk = 4096;

double sum_of(const float *x, int64_t count) {
  double sum = 0;
  for (int64_t start = 0; start < count; start += chunk) {
    const int64_t end = std::min(count, start + chunk), whole = start + (end - start) / lanes * lanes;
    float sums[lanes] = {};
    for (int64_t i = start; i < whole; i += lanes)
      for (int lane = 0; lane < lanes; lane++)
        sums[lane] += x[i + lane];
    sum += total(sums);
    for (int64_t i = whole; i < end; i++)
      sum += x[i];
  }
  return sum;
}

double squares_of(const float *x, int64_t count, float mean) {
  double sum = 0;
  for (int64_t start = 0; start < count; start += chunk) {
    const int64_t end = std::min(count, start + chunk), whole = start + (end - start) / lanes * lanes;
    float sums[lanes] = {};
    for (int64_t i = start; i < whole; i += lanes)
      for (int lane = 0; lane < lanes; lane++) {
        const float difference = x[i + lane] - mean;
        sums[lane] += difference * difference;
      }
    sum += total(sums);
    for (int64_t i = whole; i < end; i++)
      sum += (x[i] - mean) * (x[i] - mean);
  }
  return sum;
}

/// `y` may be `x`, which is no dependence between one value and another.
void scale_shift_silu(const float *x, float *y, int64_t count, float scale, float shift) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; i++) {
    const float value = x[i] * scale + shift;
    y[i] = value / (1.0f + exponential(-value));
  }
}

void scale_shift_silu_rows(const float *x, float *y, int64_t rows, int64_t channels, const float *scales,
                           const float *shifts) {
  for (int64_t row = 0; row < rows; row++)
#pragma GCC ivdep
    for (int64_t channel = 0; channel < channels; channel++) {
      const float value = x[row * channels + channel] * scales[channel] + shifts[channel];
      y[row * channels + channel] = value / (1.0f + exponential(-value));
    }
}

/// Planes one after the other: [N, C, H, W] as it is written.
void norm_planes(const float *input, float *output, int64_t count, int64_t channels, int64_t positions, int64_t groups,
                 const float *scales, const float *shifts, double eps) {
  const int64_t members = channels / groups;
  parallel_for(0, count * groups, 1, [&](int64_t first, int64_t last) {
    for (int64_t group = first; group < last; group++) {
      const int64_t start = group * members * positions, size = members * positions;
      const double mean = vectorized<sum_of>(input + start, size) / static_cast<double>(size);
      const double variance =
          vectorized<squares_of>(input + start, size, static_cast<float>(mean)) / static_cast<double>(size);
      const double inverse = 1 / std::sqrt(variance + eps);
      for (int64_t member = 0; member < members; member++) {
        const int64_t channel = group % groups * members + member;
        const double scale = scales[channel] * inverse;
        vectorized<scale_shift_silu>(input + start + member * positions, output + start + member * positions, positions,
                                     static_cast<float>(scale), static_cast<float>(shifts[channel] - mean * scale));
      }
    }
  });
}

void add_rows(const float *__restrict x, int64_t rows, int64_t channels, float *__restrict sums) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t channel = 0; channel < channels; channel++)
      sums[channel] += x[row * channels + channel];
}

void add_squares_of_rows(const float *__restrict x, int64_t rows, int64_t channels, const float *__restrict means,
                         float *__restrict sums) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t channel = 0; channel < channels; channel++) {
      const float difference = x[row * channels + channel] - means[channel];
      sums[channel] += difference * difference;
    }
}

/// Means over the members of each group and all positions; `add(first position, positions, sums)` adds up each channel.
/// The stretches are the same for any number of threads, and with them the result.
template <typename Add>
std::vector<double> group_means(int64_t channels, int64_t positions, int64_t groups, const Add &add) {
  const int64_t stretch = 256, stretches = (positions + stretch - 1) / stretch, members = channels / groups;
  std::vector<float> sums(static_cast<size_t>(stretches * channels), 0.0f);
  parallel_for(0, stretches, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++)
      add(i * stretch, std::min(stretch, positions - i * stretch), sums.data() + i * channels);
  });
  std::vector<double> means(static_cast<size_t>(groups), 0.0);
  for (int64_t i = 0; i < stretches; i++)
    for (int64_t channel = 0; channel < channels; channel++)
      means[channel / members] += sums[i * channels + channel];
  for (double &mean : means)
    mean /= static_cast<double>(members * positions);
  return means;
}

/// Rows of channels one after the other: [N, C, H, W] with channels last.
void norm_rows(const float *input, float *output, int64_t count, int64_t channels, int64_t positions, int64_t groups,
               const float *scales, const float *shifts, double eps) {
  const int64_t members = channels / groups;
  std::vector<float> means(static_cast<size_t>(channels)), factors(means), offsets(means);
  for (int64_t picture = 0; picture < count; picture++) {
    const float *x = input + picture * positions * channels;
    float *y = output + picture * positions * channels;
    const auto group_mean = group_means(channels, positions, groups, [&](int64_t start, int64_t rows, float *sums) {
      vectorized<add_rows>(x + start * channels, rows, channels, sums);
    });
    for (int64_t channel = 0; channel < channels; channel++)
      means[channel] = static_cast<float>(group_mean[channel / members]);
    const auto variance = group_means(channels, positions, groups, [&](int64_t start, int64_t rows, float *sums) {
      vectorized<add_squares_of_rows>(x + start * channels, rows, channels, means.data(), sums);
    });
    for (int64_t channel = 0; channel < channels; channel++) {
      const double factor = scales[channel] / std::sqrt(variance[channel / members] + eps);
      factors[channel] = static_cast<float>(factor);
      offsets[channel] = static_cast<float>(shifts[channel] - group_mean[channel / members] * factor);
    }
    parallel_for(0, positions, chunk / channels + 1, [&](int64_t first, int64_t last) {
      vectorized<scale_shift_silu_rows>(x + first * channels, y + first * channels, last - first, channels,
                                        factors.data(), offsets.data());
    });
  }
}

bool is_plain(const at::Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous(); }

bool has_channels_last(const at::Tensor &x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

} // namespace

ct_status ct_group_norm_silu(ct_tensor input, int64_t group_count, ct_tensor weight, ct_tensor bias, double eps,
                             bool consumes, ct_tensor *out) {
  return guard([&] {
    const auto &x = unwrap(input);
    const auto &w = unwrap(weight), &b = unwrap(bias);
    const bool is_whole = group_count > 0 && x.dim() == 4 && x.numel() > 0 && x.size(1) % group_count == 0 &&
                          w.numel() == x.size(1) && b.numel() == x.size(1);
    if (is_whole && takes_accelerator_form(x) && x.is_contiguous(at::MemoryFormat::ChannelsLast) &&
        !x.is_contiguous()) {
      *out = wrap(channels_last_group_norm_silu(x, group_count, w, b, eps, consumes));
    } else if (is_whole && unrecorded_fast_kernels_allowed() && !accelerator_forms_are_forced() &&
               (is_plain(x) || has_channels_last(x)) && is_plain(w) && is_plain(b)) {
      auto y = consumes ? x : at::empty_like(x);
      const auto &norm = is_plain(x) ? norm_planes : norm_rows;
      norm(x.const_data_ptr<float>(), y.mutable_data_ptr<float>(), x.size(0), x.size(1), x.size(2) * x.size(3),
           group_count, w.const_data_ptr<float>(), b.const_data_ptr<float>(), eps);
      *out = wrap(y);
    } else {
      auto y = at::group_norm(x, group_count, w, b, eps);
      *out = wrap(at::silu_(y));
    }
  });
}
