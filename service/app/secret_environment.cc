#include "service/app/secret_environment.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "service/app/setting_table.h"

namespace mutexd::app {

void ForgetSecretsOfEnvironment() {
  for (const Setting& setting : SettingTable()) {
    if (!setting.is_secret()) continue;
    const std::string name = setting.EnvironmentName();
    // The text lies where the kernel put it when the program began, and shows it from.
    if (char* text = std::getenv(name.c_str()); text != nullptr) {
      explicit_bzero(text, std::strlen(text));
    }
    unsetenv(name.c_str());
  }
}

}  // namespace mutexd::app
