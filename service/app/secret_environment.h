// Secrets that come by environment variables.
#pragma once

namespace mutexd::app {

// Takes the variables of secret settings out of the environment and overwrites their texts, so that
// neither /proc/PID/environ nor a program that this one starts shows them. Before other threads
// look at the environment, and after it has been read.
void ForgetSecretsOfEnvironment();

}  // namespace mutexd::app
