// torch's wheels have c10d's header of Gloo's process group and not Gloo's own. That header only holds shared pointers
// to what is declared here; nothing of it may be made or called from outside torch, whose layout of these is another.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {
class Context {
public:
  void setTimeout(std::chrono::milliseconds timeout);
};
} // namespace gloo
