// All pages of a listing, fetched one by one as they are asked for.
//
//   for (const auto& page : client.List(request)) {
//     if (!page.ok()) return page.error();
//     for (const auto& group : page->mutex_groups()) …
//   }
//
// An error is the last thing that comes. A page can be empty and still have a successor.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>

#include "mutexgroups/result.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"

namespace mutexgroups {

class Pages {
 public:
  using Page = Result<v1::ListMutexGroupsResponse>;
  using Fetch = std::function<Page(const v1::ListMutexGroupsRequest&)>;

  // The most groups that a page can have. A page costs the service one upstream request whatever
  // its size, so a listing asks for pages of this size unless told otherwise.
  static constexpr int kLargestPage = 1000;

  Pages(v1::ListMutexGroupsRequest first, Fetch fetch);

  // The next page; nothing after the last one and after an error.
  std::optional<Page> Next();

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Page;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Pages* pages) : pages_(pages) { ++*this; }
    const Page& operator*() const { return *page_; }
    const Page* operator->() const { return &*page_; }
    Iterator& operator++() {
      page_ = pages_->Next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !page_.has_value(); }

   private:
    Pages* pages_;
    std::optional<Page> page_;
  };

  // Goes on where the last Next() or iterator stopped.
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return std::default_sentinel; }

 private:
  v1::ListMutexGroupsRequest request_;
  Fetch fetch_;
  bool done_ = false;
};

}  // namespace mutexgroups
