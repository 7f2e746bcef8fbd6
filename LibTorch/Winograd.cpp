// F(6 x 6, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), with the points 0, 1,
// -1, 2, -2, 1/2, -1/2 and infinity: a tile of 8 x 8 pixels gives 6 x 6 results with 64 multiplications for each pair
// of channels, a fifth of the direct convolution's. The 64 products between channels are matrix products; tiles are the
// columns, so that pictures [N, C, H, W] are read and written as they lie.
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")

#include "Winograd.h"

#include <ATen/ops/_nnpack_available.h>
#include <ATen/ops/_nnpack_spatial_convolution.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <vector>

#include "BlockProduct.h"
#include "Parallel.h"
#include "Processors.h"

namespace {

constexpr int64_t side = 8, step = 6, places = side * side;
/// Tiles that are worked on at once: enough for efficient products, few enough for the caches.
constexpr int64_t tiles_at_once = 192;
/// The blocks of one product.
constexpr int64_t outputs_at_once = 128, tiles_in_block = 64;

/// Bᵀ times a column of eight, for each of `count` columns: element `i` of column `x` is `d[i][x * stride]`.
template <typename Store> inline void to_tile(const float *const d[side], int64_t stride, int64_t count, Store store) {
  for (int64_t x = 0; x < count; x++) {
    const int64_t at = x * stride;
    const float d0 = d[0][at], d1 = d[1][at], d2 = d[2][at], d3 = d[3][at], d4 = d[4][at], d5 = d[5][at], d6 = d[6][at],
                d7 = d[7][at];
    const float a = d2 + d6 - 4.25f * d4, b = d1 + d5 - 4.25f * d3;
    const float c = d6 + 0.25f * d2 - 1.25f * d4, e = 0.5f * d1 - 2.5f * d3 + 2.0f * d5;
    const float f = d6 + 4.0f * d2 - 5.0f * d4, g = 2.0f * d1 - 2.5f * d3 + 0.5f * d5;
    store(x, d0 - d6 + 5.25f * (d4 - d2), a + b, a - b, c + e, c - e, f + g, f - g, d7 - d1 + 5.25f * (d3 - d5));
  }
}

/// Aᵀ times a column of eight, for each of `count` columns.
template <typename Store> inline void from_tile(const float *const m[side], int64_t count, Store store) {
  for (int64_t x = 0; x < count; x++) {
    const float m0 = m[0][x], m7 = m[7][x];
    const float p1 = m[1][x] + m[2][x], q1 = m[1][x] - m[2][x];
    const float p2 = m[3][x] + m[4][x], q2 = m[3][x] - m[4][x];
    const float p3 = m[5][x] + m[6][x], q3 = m[5][x] - m[6][x];
    store(x, m0 + p1 + p2 + p3, q1 + 2.0f * q2 + 0.5f * q3, p1 + 4.0f * p2 + 0.25f * p3, q1 + 8.0f * q2 + 0.125f * q3,
          p1 + 16.0f * p2 + 0.0625f * p3, m7 + q1 + 32.0f * q2 + 0.03125f * q3);
  }
}

struct Grid {
  int64_t height, width, rows, columns;

  Grid(int64_t height, int64_t width)
      : height(height), width(width), rows((height + step - 1) / step), columns((width + step - 1) / step) {}
};

/// One row of tiles of one channel. `row` is the row's place among the tiles; results lie `distance` apart.
void transform_input(const float *plane, const Grid &grid, int64_t row, float *scratch, float *result,
                     int64_t distance) {
  const int64_t padded = grid.columns * step + 2;
  float *lines = scratch, *columns = scratch + side * padded;
  const float *line[side];
  for (int64_t i = 0; i < side; i++) {
    const int64_t y = row * step + i - 1;
    float *target = lines + i * padded;
    std::fill(target, target + padded, 0.0f);
    if (y >= 0 && y < grid.height)
      std::copy(plane + y * grid.width, plane + (y + 1) * grid.width, target + 1);
    line[i] = target;
  }
  to_tile(line, 1, padded, [=](int64_t x, float a, float b, float c, float d, float e, float f, float g, float h) {
    float *target = columns + x;
    target[0] = a, target[padded] = b, target[2 * padded] = c, target[3 * padded] = d;
    target[4 * padded] = e, target[5 * padded] = f, target[6 * padded] = g, target[7 * padded] = h;
  });
  for (int64_t i = 0; i < side; i++) {
    const float *column[side];
    for (int64_t j = 0; j < side; j++)
      column[j] = columns + i * padded + j;
    float *place = result + i * side * distance;
    to_tile(column, step, grid.columns,
            [=](int64_t x, float a, float b, float c, float d, float e, float f, float g, float h) {
              float *target = place + x;
              target[0] = a, target[distance] = b, target[2 * distance] = c, target[3 * distance] = d;
              target[4 * distance] = e, target[5 * distance] = f, target[6 * distance] = g, target[7 * distance] = h;
            });
  }
}

/// One row of tiles of one channel back to its rows of pixels. `products` point to the row's first tile.
void transform_output(const std::array<const float *, places> &products, const Grid &grid, int64_t row, float bias,
                      float *scratch, float *plane) {
  const int64_t tiles = grid.columns;
  float *half = scratch, *lines = scratch + step * side * tiles;
  for (int64_t j = 0; j < side; j++) {
    const float *column[side];
    for (int64_t i = 0; i < side; i++)
      column[i] = products[i * side + j];
    float *target = half + j * tiles;
    const int64_t distance = side * tiles;
    from_tile(column, tiles, [=](int64_t x, float a, float b, float c, float d, float e, float f) {
      float *first = target + x;
      first[0] = a, first[distance] = b, first[2 * distance] = c;
      first[3 * distance] = d, first[4 * distance] = e, first[5 * distance] = f;
    });
  }
  const int64_t lasts = std::min(step, grid.height - row * step);
  for (int64_t r = 0; r < lasts; r++) {
    const float *column[side];
    for (int64_t j = 0; j < side; j++)
      column[j] = half + (r * side + j) * tiles;
    from_tile(column, tiles, [=](int64_t x, float a, float b, float c, float d, float e, float f) {
      float *target = lines + x * step;
      target[0] = a + bias, target[1] = b + bias, target[2] = c + bias;
      target[3] = d + bias, target[4] = e + bias, target[5] = f + bias;
    });
    std::copy(lines, lines + grid.width, plane + (row * step + r) * grid.width);
  }
}

/// G (8 x 3).
constexpr float weight_matrix[side][3] = {{1, 0, 0},
                                          {-2.0f / 9, -2.0f / 9, -2.0f / 9},
                                          {-2.0f / 9, 2.0f / 9, -2.0f / 9},
                                          {1.0f / 90, 1.0f / 45, 2.0f / 45},
                                          {1.0f / 90, -1.0f / 45, 2.0f / 45},
                                          {32.0f / 45, 16.0f / 45, 8.0f / 45},
                                          {32.0f / 45, -16.0f / 45, 8.0f / 45},
                                          {0, 0, 1}};

/// G w Gᵀ of the kernels [C, 3, 3] of one output; `scratch` holds 33 C, results lie `distance` apart.
void transform_weight(const float *kernels, int64_t inputs, float *scratch, float *result, int64_t distance) {
  float *half = scratch + 9 * inputs;
  for (int64_t c = 0; c < inputs; c++)
    for (int64_t k = 0; k < 9; k++)
      scratch[k * inputs + c] = kernels[c * 9 + k];
  auto combine = [inputs](const float *x, int64_t apart, const float *g, float *target) {
    const float *y = x + apart, *z = y + apart;
    for (int64_t c = 0; c < inputs; c++)
      target[c] = g[0] * x[c] + g[1] * y[c] + g[2] * z[c];
  };
  for (int64_t i = 0; i < side; i++)
    for (int64_t k = 0; k < 3; k++)
      combine(scratch + k * inputs, 3 * inputs, weight_matrix[i], half + (i * 3 + k) * inputs);
  for (int64_t i = 0; i < side; i++)
    for (int64_t j = 0; j < side; j++)
      combine(half + i * 3 * inputs, inputs, weight_matrix[j], result + (i * side + j) * distance);
}

/// [64, out, C].
at::Tensor transformed_weight(const at::Tensor &weight) {
  const int64_t outputs = weight.size(0), inputs = weight.size(1);
  auto result = at::empty({places, outputs, inputs}, weight.options());
  const float *source = weight.const_data_ptr<float>();
  float *target = result.mutable_data_ptr<float>();
  ctorch::parallel_for(0, outputs, 1, [&](int64_t first, int64_t last) {
    std::vector<float> scratch(static_cast<size_t>(33 * inputs));
    for (int64_t output = first; output < last; output++)
      ctorch::vectorized<transform_weight>(source + output * inputs * 9, inputs, scratch.data(),
                                           target + output * inputs, outputs * inputs);
  });
  return result;
}

} // namespace

bool ctorch::winograd_wins(const at::Tensor &x, const at::Tensor &weight, int64_t stride, int64_t padding) {
  auto is_float = [](const at::Tensor &t) { return t.is_cpu() && t.scalar_type() == at::kFloat && t.dim() == 4; };
  if (!is_float(x) || !is_float(weight) || stride != 1 || padding != 1 || weight.size(2) != 3 || weight.size(3) != 3 ||
      x.size(1) != weight.size(1))
    return false;
  // Who put channels last did so because a direct convolution is quicker there.
  if (!x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast))
    return false;
  // Measured (Docs/performance.md): with few channels or positions the transforms cost more than the products save.
  const int64_t positions = x.size(2) * x.size(3);
  return x.size(1) >= 64 && positions >= 4096 && x.size(1) * weight.size(0) * positions >= 60'000'000;
}

at::Tensor ctorch::winograd_convolution(const at::Tensor &input, const at::Tensor &weight,
                                        const std::optional<at::Tensor> &bias) {
  const auto x = input.contiguous();
  if (!block_products_are_there()) {
    // The first call initialises NNPACK; it is false on a processor that NNPACK does not know.
    static const bool available = at::_nnpack_available();
    return available ? at::_nnpack_spatial_convolution(x, weight.contiguous(), bias, {1, 1}, {1, 1})
                     : at::conv2d(x, weight, bias, {1, 1}, {1, 1});
  }
  const Grid grid(x.size(2), x.size(3));
  const int64_t count = x.size(0), inputs = x.size(1), outputs = weight.size(0), area = grid.height * grid.width;
  const auto factors = transformed_weight(weight.contiguous());
  const auto shifts = bias ? bias->contiguous() : at::Tensor();
  auto result = at::empty({count, outputs, grid.height, grid.width}, x.options());
  const float *pixels = x.const_data_ptr<float>();
  const float *shift = bias ? shifts.const_data_ptr<float>() : nullptr;
  float *written = result.mutable_data_ptr<float>();

  const int64_t rows = count * grid.rows;
  const int64_t rows_at_once = std::min(rows, std::max<int64_t>(1, tiles_at_once / grid.columns));
  const int64_t most = rows_at_once * grid.columns, blocks = (outputs + outputs_at_once - 1) / outputs_at_once;
  auto tiles = at::empty({places, inputs, most}, x.options()),
       products = at::empty({places, outputs, most}, x.options());
  const float *factor = factors.const_data_ptr<float>();
  float *tile = tiles.mutable_data_ptr<float>(), *product = products.mutable_data_ptr<float>();
  for (int64_t first = 0; first < rows; first += rows_at_once) {
    const int64_t here = std::min(rows_at_once, rows - first), width = here * grid.columns;
    ctorch::parallel_for(0, inputs, 1, [&](int64_t from, int64_t to) {
      std::vector<float> scratch(static_cast<size_t>(2 * side * (grid.columns * step + 2)));
      for (int64_t channel = from; channel < to; channel++)
        for (int64_t row = 0; row < here; row++) {
          const int64_t picture = (first + row) / grid.rows;
          ctorch::vectorized<transform_input>(pixels + (picture * inputs + channel) * area, grid,
                                              (first + row) % grid.rows, scratch.data(),
                                              tile + channel * width + row * grid.columns, inputs * width);
        }
    });
    ctorch::parallel_for(0, places * blocks, 1, [&](int64_t from, int64_t to) {
      for (int64_t block = from; block < to; block++) {
        const int64_t place = block / blocks, output = block % blocks * outputs_at_once;
        for (int64_t column = 0; column < width; column += tiles_in_block)
          block_product(std::min(outputs_at_once, outputs - output), std::min(tiles_in_block, width - column), inputs,
                        factor + (place * outputs + output) * inputs, inputs, tile + place * inputs * width + column,
                        width, product + (place * outputs + output) * width + column, width);
      }
    });
    ctorch::parallel_for(0, outputs, 1, [&](int64_t from, int64_t to) {
      std::vector<float> scratch(static_cast<size_t>((side + 1) * step * grid.columns));
      std::array<const float *, places> at_row;
      for (int64_t channel = from; channel < to; channel++)
        for (int64_t row = 0; row < here; row++) {
          for (int64_t place = 0; place < places; place++)
            at_row[place] = product + (place * outputs + channel) * width + row * grid.columns;
          const int64_t picture = (first + row) / grid.rows;
          ctorch::vectorized<transform_output>(at_row, grid, (first + row) % grid.rows, shift ? shift[channel] : 0.0f,
                                               scratch.data(), written + (picture * outputs + channel) * area);
        }
    });
  }
  return result;
}
