// A mutex group as the emulator keeps it, and what the requests ask to be done with one.
//
// These mirror Amplitude's JSON and not the gateway's messages: the emulator must not inherit the
// gateway's idea of the API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace mutexd::sandbox {

// Documented limits.
inline constexpr int kMaxSlots = 20;
inline constexpr int kTotalPercentage = 100;
inline constexpr int kMaxListLimit = 1000;

enum class EvaluationMode { kRemote, kLocal };

// A slot's index, name ("SLOT 1") and variant key ("slot-1") follow from its place in the group.
struct Slot {
  int percentage = 0;  // 1 to 100; those of a group sum to 100
  std::vector<std::int64_t> experiments;
  std::vector<std::int64_t> holdouts;
  std::vector<std::string> individuals;  // user or device ids
  std::vector<std::string> cohorts;
};

struct MutexGroup {
  std::int64_t id = 0;
  std::int64_t project_id = 0;
  std::string key;
  std::string name;
  std::optional<std::string> description;
  EvaluationMode evaluation_mode = EvaluationMode::kRemote;
  std::string bucketing_key = "amplitude_id";
  std::string bucketing_salt;
  std::vector<Slot> slots;
  bool deleted = false;  // archived
  absl::Time created_at = absl::UnixEpoch();
  absl::Time last_modified_at = absl::UnixEpoch();
  std::string created_by;
  std::string last_modified_by;
};

// A create's body. What is absent takes its documented default.
struct NewGroup {
  std::int64_t project_id = 0;
  std::string name;
  std::optional<std::string> key;
  std::optional<std::string> description;
  EvaluationMode evaluation_mode = EvaluationMode::kRemote;
  std::optional<std::string> bucketing_key;
  std::optional<std::string> bucketing_salt;
  std::vector<Slot> slots;
};

// An edit's body. What is absent is left alone.
struct GroupEdit {
  std::optional<std::string> name;
  std::optional<std::optional<std::string>> description;  // the inner nullopt: null, no description
  std::optional<bool> archive;                            // true: the others are ignored
};

// A slot edit's body: each list that is present replaces the slot's.
struct SlotEdit {
  std::optional<std::vector<std::int64_t>> experiments;
  std::optional<std::vector<std::int64_t>> holdouts;
  std::optional<std::vector<std::string>> individuals;
};

}  // namespace mutexd::sandbox
