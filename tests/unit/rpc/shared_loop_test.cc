#include "service/rpc/shared_loop.h"

#include <gtest/gtest.h>
#include <asio/any_io_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace mutexd::rpc {
namespace {

// A shared loop with a thread in Run().
class SharedLoopTest : public ::testing::Test {
 protected:
  void TearDown() override {
    loop_.Stop();
    thread_.join();
  }

  // The thread that does `work`.
  template <typename Bring>
  std::thread::id DoerOf(Bring bring) {
    std::promise<std::thread::id> doer;
    bring([&doer] { doer.set_value(std::this_thread::get_id()); });
    return doer.get_future().get();
  }

  SharedLoop loop_;
  const asio::any_io_executor executor_ = loop_.executor();
  std::thread thread_{[this] { loop_.Run(); }};
};

TEST_F(SharedLoopTest, LoneWorkIsDoneByTheThreadThatBringsIt) {
  const auto doer = DoerOf([&](auto work) { asio::dispatch(executor_, work); });
  EXPECT_EQ(doer, std::this_thread::get_id());
}

TEST_F(SharedLoopTest, WorkThatIsPostedIsLeftToTheLoop) {
  const auto doer = DoerOf([&](auto work) { asio::post(executor_, work); });
  EXPECT_EQ(doer, thread_.get_id());
}

TEST_F(SharedLoopTest, WorkBroughtToSomebodyAtWorkIsLeftThere) {
  std::promise<void> at_work;
  std::promise<void> go_on;
  std::optional<std::thread::id> doer;
  std::thread other([&] {
    asio::dispatch(executor_, [&] {
      at_work.set_value();
      go_on.get_future().wait();
    });
  });
  at_work.get_future().wait();
  const std::thread::id other_id = other.get_id();
  asio::dispatch(executor_, [&] { doer = std::this_thread::get_id(); });
  go_on.set_value();
  other.join();
  ASSERT_TRUE(doer);
  EXPECT_EQ(*doer, other_id);
}

TEST_F(SharedLoopTest, WorkPostedFromWithinIsDoneAfterwards) {
  std::vector<int> order;
  asio::dispatch(executor_, [&] {
    asio::post(executor_, [&] { order.push_back(2); });
    order.push_back(1);
    asio::dispatch(executor_, [&] { order.push_back(0); });
  });
  EXPECT_EQ(order, (std::vector<int>{1, 0, 2}));
}

TEST_F(SharedLoopTest, TimersComeOnTheLoop) {
  asio::steady_timer timer(executor_, std::chrono::milliseconds(1));
  const auto doer =
      DoerOf([&](auto work) { timer.async_wait([work](asio::error_code) { work(); }); });
  EXPECT_EQ(doer, thread_.get_id());
}

TEST_F(SharedLoopTest, NothingRunsTwiceAtTheSameTime) {
  constexpr int kThreads = 4;
  constexpr int kWorks = 2000;
  int done = 0;  // without a lock
  std::vector<std::promise<void>> all(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kWorks; ++n) {
        const auto work = [&done] { ++done; };
        if (n % 3 == 0) {
          asio::post(executor_, work);
        } else {
          asio::dispatch(executor_, work);
        }
        if (n % 100 == 0) std::this_thread::yield();
      }
      asio::post(executor_, [&all, i] { all[static_cast<std::size_t>(i)].set_value(); });
    });
  }
  for (std::promise<void>& promise : all) promise.get_future().wait();
  for (std::thread& thread : threads) thread.join();
  std::promise<int> result;
  asio::post(executor_, [&] { result.set_value(done); });
  EXPECT_EQ(result.get_future().get(), kThreads * kWorks);
}

TEST_F(SharedLoopTest, CoroutinesRunOnIt) {
  std::promise<bool> within;
  const auto coroutine = [&]() -> asio::awaitable<void> {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    within.set_value(executor == executor_);
  };
  asio::co_spawn(executor_, coroutine, asio::detached);
  EXPECT_TRUE(within.get_future().get());
}

TEST(SharedLoop, DropsWhatWaitsWhenItIsDestroyed) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  bool ran = false;
  {
    SharedLoop loop;
    asio::post(loop.executor(), [held = std::move(held), &ran] { ran = true; });
    EXPECT_FALSE(watched.expired());
  }
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(ran);
}

TEST(SharedLoop, DropsACoroutineWithItsTimer) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  {
    SharedLoop loop;
    const auto coroutine = [](std::shared_ptr<int>) -> asio::awaitable<void> {
      asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
      co_await timer.async_wait(asio::use_awaitable);
    };
    asio::co_spawn(loop.executor(), coroutine(std::move(held)), asio::detached);
    EXPECT_FALSE(watched.expired());
  }
  EXPECT_TRUE(watched.expired());
}

TEST(SharedLoop, BeginsNothingAfterItsStop) {
  SharedLoop loop;
  loop.Stop();
  bool ran = false;
  asio::dispatch(loop.executor(), [&] { ran = true; });
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace mutexd::rpc
