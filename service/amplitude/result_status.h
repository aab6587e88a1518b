// The status in what AmplitudeApi yields, be it of a read or of a write: for decorators, which
// treat both alike.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/amplitude/amplitude_types.h"

namespace mutexd::amplitude {

template <typename Reply>
absl::Status StatusOf(const absl::StatusOr<Reply>& result) {
  return result.status();
}
inline const absl::Status& StatusOf(const WriteResult& result) { return result.status; }

// A read has none.
template <typename Reply>
WriteEffect EffectOf(const absl::StatusOr<Reply>& /*result*/) {
  return WriteEffect::kNone;
}
inline WriteEffect EffectOf(const WriteResult& result) { return result.effect; }

template <typename Reply>
void SetFailure(absl::StatusOr<Reply>& result, absl::Status failure) {
  result = std::move(failure);
}
inline void SetFailure(WriteResult& result, absl::Status failure) {
  result.status = std::move(failure);
}

// The result of a request that was not made.
template <typename Result>
Result Failed(absl::Status failure) {
  Result result;
  SetFailure(result, std::move(failure));
  return result;
}

}  // namespace mutexd::amplitude
