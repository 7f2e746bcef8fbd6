// Linear layers with eight-bit weights and inputs. On the CPU alone.
#pragma once

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Each row of [M, K], float32, as whole numbers from -127 to 127 (int8, [M, K]) times a scale (float32, [M]): the
/// row's greatest absolute value becomes 127.
ct_status ct_quantize_rows(ct_tensor input, ct_tensor *values, ct_tensor *scales);

/// input [..., in], float32, whose rows are quantised as above on the way; weight [out, in], int8, and its scales
/// [out]; bias [out], float32, or none. Sums are exact, so that the rounding of inputs and weights is the whole error.
ct_status ct_linear_int8(ct_tensor input, ct_tensor weight, ct_tensor scales, ct_tensor bias, ct_tensor *out);

#ifdef __cplusplus
}
#endif
