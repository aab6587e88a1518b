// A group of a page as a reply of its own.
#pragma once

#include <memory>
#include <utility>

#include "service/amplitude/amplitude_types.h"

namespace mutexd::amplitude {

// `group` is of `page`, which stays alive with what is returned.
inline std::shared_ptr<const FetchedGroup> GroupOfPage(std::shared_ptr<const FetchedPage> page,
                                                       const v1::MutexGroup* group) {
  struct Borrowed : FetchedGroup {
    std::shared_ptr<const FetchedPage> page;
  };
  auto borrowed = std::make_shared<Borrowed>();
  borrowed->group = group;
  borrowed->read_time = page->read_time;
  borrowed->asked_at = page->asked_at;
  borrowed->page = std::move(page);
  return borrowed;
}

}  // namespace mutexd::amplitude
