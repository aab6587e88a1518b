import mutexgroups

with mutexgroups.Client() as client:
    for group in client.list():
        print(group.id, group.key, [slot.percentage for slot in group.slots])

    try:
        client.get(mutex_group_id="404")
    except mutexgroups.MutexGroupsError as error:
        print(error.code.name, error.reason_name)
