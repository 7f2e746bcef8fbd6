// The host's large blocks, which stay with the process when they are freed. For the .cpp files of this library only.
#pragma once

namespace ctorch {

/// From now on libtorch's large blocks on the host are kept when they are freed, or, without `keeps`, all that are kept
/// are given back and those freed later too.
void keep_large_blocks(bool keeps);

} // namespace ctorch
