// Checks of single fields, each of which adds what is wrong to a list of violations.
#pragma once

#include <google/protobuf/duration.pb.h>

#include <string>

#include "absl/strings/string_view.h"
#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/rpc/methods.h"

namespace mutexd::rpc {

namespace v1 = ::mutexgroups::v1;

// The most code points that a name may have.
inline constexpr int kMaxNameCodePoints = 255;
inline constexpr int kMaxSlots = 20;
inline constexpr int kMaxBatchIds = 100;

enum class TextKind {
  kLine,       // no control characters
  kParagraphs  // but for tabs and line breaks
};

// Texts are valid UTF-8: protobuf refuses others.
bool HasControlCharacters(absl::string_view text, TextKind kind);
int CountCodePoints(absl::string_view text);
bool IsUuid(absl::string_view text);

void CheckText(const std::string& field, absl::string_view text, TextKind kind,
               Violations& violations);
void CheckName(const std::string& field, absl::string_view name, Violations& violations);
void CheckGroupId(const std::string& field, absl::string_view id, Violations& violations);
void CheckSlotIndex(const std::string& field, int index, Violations& violations);
void CheckStaleness(const google::protobuf::Duration& max_staleness, Violations& violations);
void CheckEvaluationMode(const std::string& field, v1::EvaluationMode mode, Violations& violations);

// Ids over 0, none twice. `where` ends the description, such as " (slot 3)".
void CheckIds(const std::string& field, const google::protobuf::RepeatedField<int64_t>& ids,
              absl::string_view where, Violations& violations);

// User and device ids: none empty, none twice, no control characters.
void CheckIndividuals(const std::string& field,
                      const google::protobuf::RepeatedPtrField<std::string>& individuals,
                      absl::string_view where, Violations& violations);

// The slots of a create.
void CheckSlots(const google::protobuf::RepeatedPtrField<v1::Slot>& slots, Violations& violations);

}  // namespace mutexd::rpc
