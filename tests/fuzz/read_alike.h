// Whether the two readers of JSON read a text alike.
#pragma once

#include <string>

namespace mutexd::fuzz {

// A JsonStream reads what a JsonDocument reads, but for numbers that no double holds, which a
// document replaces.
void RequireReadAlike(const std::string& text);

}  // namespace mutexd::fuzz
