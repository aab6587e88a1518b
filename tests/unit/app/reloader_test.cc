#include "service/app/reloader.h"

#include <gtest/gtest.h>

#include <future>

namespace mutexd::app {
namespace {

TEST(Reloader, ReloadsOnRequest) {
  std::promise<ReloadCause> reloaded;
  Reloader reloader(absl::Hours(1));
  reloader.Add([&](ReloadCause cause) { reloaded.set_value(cause); });
  reloader.Start();
  reloader.ReloadNow();
  EXPECT_EQ(reloaded.get_future().get(), ReloadCause::kRequest);
}

TEST(Reloader, ReloadsNowAndThen) {
  std::promise<ReloadCause> reloaded;
  bool first = true;
  Reloader reloader(absl::Milliseconds(1));
  reloader.Add([&](ReloadCause cause) {
    if (std::exchange(first, false)) reloaded.set_value(cause);
  });
  reloader.Start();
  EXPECT_EQ(reloaded.get_future().get(), ReloadCause::kInterval);
}

TEST(Reloader, NeedsNothingToReload) {
  Reloader reloader;
  reloader.Start();
  reloader.ReloadNow();
}

}  // namespace
}  // namespace mutexd::app
