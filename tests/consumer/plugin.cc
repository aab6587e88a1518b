// The least that makes the linker take all of the client into a shared object.
#include <mutexgroups/client.h>

extern "C" bool CanConnect() { return mutexgroups::Client::Connect({}).ok(); }
