// A mutex group in the JSON of Amplitude's replies, which is also the form of the state file.
#pragma once

#include <string>
#include <vector>

#include "service/sandbox/json_fields.h"
#include "service/sandbox/mutex_group.h"

namespace mutexd::sandbox {

// The documented object, followed by the fields that its siblings' replies have (`deleted`, authors
// and times): {"id": 1234, "projectId": 5678, "name": …, "slots": […], "deleted": false, …}.
std::string GroupToJson(const MutexGroup& group);

// Reads what GroupToJson wrote, or somebody by hand: `id`, `projectId`, `key`, `name` and `slots`
// are required, all else has a default. An offence is noted in `error` under `path`.
MutexGroup ReadGroup(const rapidjson::Value& object, const std::string& path, absl::Status& error);

// Reads the member `slots` of `reader`'s object: 1 to 20 of them, with integer percentages from 1
// to 100 that sum to 100. Each may have `experiments`, `holdouts`, `individuals` and `cohorts`;
// other members are ignored. An offence is noted in `error`, which must be the reader's.
std::vector<Slot> ReadSlots(FieldReader& reader, absl::Status& error);

// Reads the member `evaluationMode`: "remote", the default, or "local".
EvaluationMode ReadEvaluationMode(FieldReader& reader);

}  // namespace mutexd::sandbox
