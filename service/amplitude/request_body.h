// The JSON bodies of requests to Amplitude. Ids are numbers, in arrays too; texts are UTF-8.
#pragma once

#include <string>

#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/amplitude_types.h"

namespace mutexd::amplitude {

// The fields that `edit` names.
std::string EditBody(const GroupEdit& edit);

// The lists that `edit` names, empty ones as [].
std::string SlotEditBody(const SlotEdit& edit);

// Project, name and slots always; slots' lists and other fields where they are not empty.
std::string CreateBody(const v1::MutexGroup& group);

}  // namespace mutexd::amplitude
