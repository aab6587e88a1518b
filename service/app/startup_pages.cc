#include "service/app/startup_pages.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace mutexd::app {
namespace {

// Whole pages of a segment that is never written to: they are as in the file, whatever happens.
void Release(const dl_phdr_info& object, const ElfW(Phdr) & segment) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t from = (object.dlpi_addr + segment.p_vaddr + page - 1) / page * page;
  const std::uintptr_t to = (object.dlpi_addr + segment.p_vaddr + segment.p_filesz) / page * page;
  // Where the kernel does not want to, they stay.
  if (to > from) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

int ReleaseObject(dl_phdr_info* object, std::size_t /*size*/, void* /*unused*/) {
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0) Release(*object, segment);
  }
  return 0;
}

}  // namespace

void ReleaseStartupPages() { dl_iterate_phdr(&ReleaseObject, nullptr); }

}  // namespace mutexd::app
