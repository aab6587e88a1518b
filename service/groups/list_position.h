// Where a listing stands in Amplitude's pages. The rpc layer makes page tokens of it.
#pragma once

#include <string>

namespace mutexd::groups {

struct ListPosition {
  std::string cursor;  // of Amplitude's page; empty for the first
  int limit = 0;       // with which that page is to be read; 0: the page size asked for
  int skip = 0;        // elements of that page that are done already
};

}  // namespace mutexd::groups
