// What requests are checked for before anything is sent: all violations at once.
//
// Field paths count from zero as google.rpc.BadRequest wants it
// (`mutex_group.slots[2].percentage`); descriptions name slots as people do ("slot 3"). What only
// Amplitude can judge is left to it.
#pragma once

#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/rpc/methods.h"

namespace mutexd::rpc {

namespace v1 = ::mutexgroups::v1;

Violations Validate(const v1::ListMutexGroupsRequest& request);
Violations Validate(const v1::GetMutexGroupRequest& request);
Violations Validate(const v1::BatchGetMutexGroupsRequest& request);
Violations Validate(const v1::CreateMutexGroupRequest& request);
Violations Validate(const v1::UpdateMutexGroupRequest& request);
Violations Validate(const v1::UpdateSlotRequest& request);
Violations Validate(const v1::AddSlotMembersRequest& request);
Violations Validate(const v1::RemoveSlotMembersRequest& request);
Violations Validate(const v1::MoveSlotMembersRequest& request);
Violations Validate(const v1::ArchiveMutexGroupRequest& request);
Violations Validate(const v1::UnarchiveMutexGroupRequest& request);

}  // namespace mutexd::rpc
