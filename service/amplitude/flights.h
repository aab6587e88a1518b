// Requests under way that several callers wait for.
//
// A flight belongs to whoever waits for it, not to the one who began it: callers may leave it, and
// it may outlive the object that began it when coroutines are destroyed with their loop.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "service/amplitude/call.h"

namespace mutexd::amplitude {

// What is asked, with which key, and after which own write: equal questions have one answer.
struct Question {
  std::uint64_t credential = 0;  // its fingerprint
  std::uint64_t position = 0;    // OwnWrites::position() when it is asked
  int limit = 0;                 // of a page
  std::string name;              // the group's id, or the page's cursor

  friend bool operator==(const Question& one, const Question& other) {
    return std::tie(one.credential, one.position, one.limit, one.name) ==
           std::tie(other.credential, other.position, other.limit, other.name);
  }
  template <typename H>
  friend H AbslHashValue(H state, const Question& question) {
    return H::combine(std::move(state), question.credential, question.position, question.limit,
                      question.name);
  }
};

// `Answer` is an absl::StatusOr.
template <typename Answer>
class Flights {
 public:
  class Flight;
  using FlightPtr = std::shared_ptr<Flight>;

  // The flight of an equal question under way, prepared for `call` to wait for it, or a new one,
  // which the caller has to start; `is_new` says which.
  struct Boarding {
    FlightPtr flight;
    bool is_new;
  };
  Boarding Board(Question question, const Call& call, const asio::any_io_executor& executor) {
    FlightPtr created;
    const auto found = in_air_->lazy_emplace(question, [&](const auto& construct) {
      created = std::make_shared<Flight>(in_air_, std::move(question), call, executor);
      construct(created.get());
    });
    if (created != nullptr) return {std::move(created), true};
    Flight& flight = **found;
    flight.call.deadline = std::max(flight.call.deadline, call.deadline);
    return {flight.shared_from_this(), false};
  }

 private:
  // Looked up by question; flights take themselves out.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Question& question) const { return absl::HashOf(question); }
    std::size_t operator()(const Flight* flight) const { return (*this)(flight->question); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Flight* one, const Flight* other) const { return one == other; }
    bool operator()(const Flight* flight, const Question& question) const {
      return flight->question == question;
    }
  };
  using InAir = absl::flat_hash_set<Flight*, Hash, Equal>;

  const std::shared_ptr<InAir> in_air_ = std::make_shared<InAir>();
};

template <typename Answer>
class Flights<Answer>::Flight : public std::enable_shared_from_this<Flight> {
 public:
  Flight(std::shared_ptr<InAir> in_air, Question asked, const Call& first,
         const asio::any_io_executor& executor)
      : question(std::move(asked)),
        landing(executor, asio::steady_timer::time_point::max()),
        in_air_(std::move(in_air)) {
    call.rpc_id = first.rpc_id;
    call.caller = first.caller;
    call.method = first.method;
    call.share = first.share;
    call.credential = first.credential;
    call.deadline = first.deadline;
  }
  ~Flight() { Close(); }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  bool landed() const { return landed_; }

  // Lets those who wait go on, with the answer.
  void Land(Answer its_answer) {
    answer = std::move(its_answer);
    landed_ = true;
    Close();
    landing.cancel();
  }

  // One who waits, for as long as it lives: coroutines can be destroyed while they wait.
  class Passenger {
   public:
    explicit Passenger(Flight& flight) : flight_(flight) { ++flight.passengers_; }
    ~Passenger() { --flight_.passengers_; }
    Passenger(const Passenger&) = delete;
    Passenger& operator=(const Passenger&) = delete;

   private:
    Flight& flight_;
  };

  // To be called when a passenger has left before the landing: without any it goes on for nobody.
  void StopIfEmpty() {
    if (landed_ || passengers_ > 0) return;
    Close();
    stop.emit(asio::cancellation_type::terminal);
  }

  const Question question;
  Call call;  // the request's own: the callers' may end before it
  Answer answer = absl::CancelledError();
  asio::steady_timer landing;      // never expires; cancelled when the flight has landed
  asio::cancellation_signal stop;  // of the coroutine that makes the request

 private:
  // From now on nobody comes aboard.
  void Close() {
    if (std::exchange(open_, false)) in_air_->erase(this);
  }

  const std::shared_ptr<InAir> in_air_;
  int passengers_ = 0;
  bool open_ = true;
  bool landed_ = false;
};

}  // namespace mutexd::amplitude
