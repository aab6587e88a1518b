// How single values of settings are written: durations, sizes, numbers, URLs, choices.
//
// Errors are the second half of a sentence that names the setting and the value: what is wrong, and
// how to write it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace mutexd::app {

// `500ms`, `10s`, `5m`, `1m30s`; from `least` to `most`.
absl::StatusOr<absl::Duration> ParseDurationValue(absl::string_view text, absl::Duration least,
                                                  absl::Duration most);

// Plain bytes, or a number with B, KB, MB, GB, KiB, MiB or GiB, such as `3.5MiB`; from `least` to
// `most`.
absl::StatusOr<std::size_t> ParseByteSize(absl::string_view text, std::size_t least,
                                          std::size_t most);

// A whole number such as `100000`; from `least` to `most`.
absl::StatusOr<std::int64_t> ParseWholeNumber(absl::string_view text, std::int64_t least,
                                              std::int64_t most);

// A share of a whole such as `0.1`; from 0 to below 1.
absl::StatusOr<double> ParseShare(absl::string_view text);

// `true` or `false`, and what people write for them: 1, 0, yes, no, on, off.
absl::StatusOr<bool> ParseSwitch(absl::string_view text);

// The position of `text` among `choices`.
absl::StatusOr<int> ParseChoice(absl::string_view text,
                                absl::Span<const absl::string_view> choices);

// An absolute http or https URL without user, query and fragment; http only where the host is this
// machine. Trailing slashes are cut.
absl::StatusOr<std::string> ParseUpstreamUrl(absl::string_view text);

// An http or https URL of a proxy: perhaps user and password, host and port.
absl::StatusOr<std::string> ParseProxyUrl(absl::string_view text);

// A URL for people to see: without the user and the password that may stand in it. Other texts
// stay.
std::string HideUser(absl::string_view text);

// The candidate that `name` was probably meant to be; empty when none is near.
absl::string_view NearestName(absl::string_view name,
                              absl::Span<const absl::string_view> candidates);

}  // namespace mutexd::app
