// mutexctl: mutex groups from the command line.
#include <cstdlib>
#include <iostream>

#include "client/cpp/mutexctl/command_line.h"

int main(int argc, char** argv) {
  using namespace mutexgroups;
  // gRPC's own log lines would stand between ours.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  ctl::Session session{
      .client = ClientOptions::FromEnvironment(),
      .terminal = ctl::DetectTerminal(ctl::StreamsOfProcess(),
                                      [](const char* name) { return std::getenv(name); }),
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr};
  const int exit_code = ctl::RunCommandLine(session, argc, argv);
  if (!std::cout.flush()) {
    std::cerr << "error: the output could not be written\n";
    return ctl::ExitCode(grpc::StatusCode::UNKNOWN);
  }
  return exit_code;
}
