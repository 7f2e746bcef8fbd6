// Whether this thread may use kernels that round otherwise than torch's own. For the .cpp files of this library only.
#pragma once

namespace ctorch {

bool fast_kernels_allowed();
/// Whether they are allowed and nothing is recorded for gradients.
bool unrecorded_fast_kernels_allowed();

} // namespace ctorch
