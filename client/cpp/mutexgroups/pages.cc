#include "mutexgroups/pages.h"

#include <utility>

namespace mutexgroups {

Pages::Pages(v1::ListMutexGroupsRequest first, Fetch fetch)
    : request_(std::move(first)), fetch_(std::move(fetch)) {
  if (request_.page_size() == 0) request_.set_page_size(kLargestPage);
}

std::optional<Pages::Page> Pages::Next() {
  if (done_) return std::nullopt;
  auto page = fetch_(request_);
  if (!page.ok() || page->next_page_token().empty()) {
    done_ = true;
    return page;
  }
  if (page->next_page_token() == request_.page_token()) {
    // Following it would never end.
    done_ = true;
    Error error;
    error.code = grpc::StatusCode::INTERNAL;
    error.message = "the service answered with the page token that it was asked with";
    return error;
  }
  request_.set_page_token(page->next_page_token());
  return page;
}

}  // namespace mutexgroups
