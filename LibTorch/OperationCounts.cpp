#include "ctorch_device.h"

#include <ATen/record_function.h>

#include <map>
#include <memory>
#include <string>

#include "Guard.h"

using namespace ctorch;

namespace {

thread_local std::map<std::string, int64_t> counts;
thread_local at::CallbackHandle observer = at::INVALID_CALLBACK_HANDLE;

std::unique_ptr<at::ObserverContext> count(const at::RecordFunction &function) {
  counts[function.name()] += 1;
  return nullptr;
}

} // namespace

ct_status ct_begin_operation_counts(void) {
  return guard([&] {
    TORCH_CHECK(observer == at::INVALID_CALLBACK_HANDLE, "operations of this thread are counted already");
    counts.clear();
    observer = at::addThreadLocalCallback(at::RecordFunctionCallback(count).scopes({at::RecordScope::FUNCTION}));
  });
}

void ct_end_operation_counts(void (*visit)(const char *name, int64_t count, void *context), void *context) {
  if (observer == at::INVALID_CALLBACK_HANDLE)
    return;
  at::removeCallback(observer);
  observer = at::INVALID_CALLBACK_HANDLE;
  for (const auto &[name, number] : counts)
    visit(name.c_str(), number, context);
}
