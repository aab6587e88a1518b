#include "service/sandbox/sandbox.h"

#include <atomic>
#include <iterator>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/sandbox/endpoints.h"
#include "service/sandbox/group_store.h"
#include "service/sandbox/http_connection.h"
#include "service/sandbox/listener.h"
#include "service/sandbox/sample_groups.h"
#include "service/sandbox/state_file.h"

namespace mutexd::sandbox {
namespace {

absl::Status CheckOptions(const SandboxOptions& options) {
  if (!options.allow_remote && !IsLoopback(options.host)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the sandbox has no protection and listens on loopback only, not on ",
                     options.host, ", unless remote access is allowed explicitly"));
  }
  if (options.port < 0 || options.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(options.port, " is not a port"));
  }
  if (options.generated_groups < 0 || options.generated_groups > kMaxGeneratedGroups) {
    return absl::InvalidArgumentError(
        absl::StrCat("the number of generated groups must be 0 to ", kMaxGeneratedGroups));
  }
  if (options.quota.per_second < 0 || options.quota.per_day < 0) {
    return absl::InvalidArgumentError("quotas must not be negative");
  }
  if (options.slot_index_base != 0 && options.slot_index_base != 1) {
    return absl::InvalidArgumentError("the slot index base must be 0 or 1");
  }
  if (options.write_visibility_lag < absl::ZeroDuration() ||
      options.faults.latency < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("delays must not be negative");
  }
  if (!(options.faults.fail_rate >= 0 && options.faults.fail_rate <= 1)) {
    return absl::InvalidArgumentError("the fail rate must be 0 to 1");
  }
  return absl::OkStatus();
}

std::vector<MutexGroup> FirstGroups(const SandboxOptions& options) {
  std::vector<MutexGroup> groups;
  if (options.sample_groups) groups = SampleGroups();
  std::vector<MutexGroup> generated = GeneratedGroups(options.generated_groups);
  groups.insert(groups.end(), std::make_move_iterator(generated.begin()),
                std::make_move_iterator(generated.end()));
  return groups;
}

// Eight letters and digits, as Amplitude's salts look.
std::string RandomSalt() {
  static constexpr absl::string_view kAlphabet =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  thread_local std::mt19937_64 generator{std::random_device{}()};
  std::uniform_int_distribution<std::size_t> place(0, kAlphabet.size() - 1);
  std::string salt;
  for (int i = 0; i < 8; ++i) salt.push_back(kAlphabet[place(generator)]);
  return salt;
}

}  // namespace

// In the order of dependence: the listener, whose threads use all the others, goes first.
struct Sandbox::Parts {
  std::string host;
  AccessKeys keys;
  QuotaWindows quota;
  Faults faults;
  std::unique_ptr<StateFile> state_file;  // null without one
  GroupStore store;
  Endpoints endpoints;
  ApiHandler handler;
  std::unique_ptr<Listener> listener;

  Parts(const SandboxOptions& options, std::unique_ptr<StateFile> file,
        std::vector<MutexGroup> groups)
      : host(options.host),
        keys(options.keys),
        quota(options.quota, absl::Now),
        faults(options.faults),
        state_file(std::move(file)),
        store(StoreOptions(options), std::move(groups)),
        endpoints({.slot_index_base = options.slot_index_base}, keys, quota, store),
        handler([this](const ApiRequest& request) { return Handle(request); }) {}

  GroupStoreOptions StoreOptions(const SandboxOptions& options) {
    GroupStoreOptions result;
    result.write_visibility_lag = options.write_visibility_lag;
    result.hide_archived = options.hide_archived;
    result.taken_keys.insert(options.taken_keys.begin(), options.taken_keys.end());
    result.new_salt = RandomSalt;
    if (state_file != nullptr) {
      result.save = [this](const std::vector<StoredGroup>& groups) {
        return state_file->Save(groups);
      };
    }
    return result;
  }

  ApiReply Handle(const ApiRequest& request) {
    faults.Delay();
    if (faults.NextFails()) return ErrorReply(503, "Service unavailable");
    return endpoints.Handle(request);
  }
};

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Start(SandboxOptions options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;

  std::unique_ptr<StateFile> state_file;
  std::optional<std::vector<MutexGroup>> groups;
  if (!options.state_file.empty()) {
    absl::StatusOr<std::unique_ptr<StateFile>> opened = StateFile::Open(options.state_file);
    if (!opened.ok()) return opened.status();
    state_file = *std::move(opened);
    absl::StatusOr<std::optional<std::vector<MutexGroup>>> loaded = state_file->Load();
    if (!loaded.ok()) return loaded.status();
    groups = *std::move(loaded);
  }
  const bool is_new_file = state_file != nullptr && !groups;
  if (!groups) groups = FirstGroups(options);

  auto parts = std::make_unique<Parts>(options, std::move(state_file), *std::move(groups));
  if (is_new_file) {
    // Now rather than with the first write: a place that cannot be written to is seen at once.
    absl::Status status = parts->state_file->Save(parts->store.All());
    if (!status.ok()) return status;
  }
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Start(options.host, options.port,
                      [limit = options.max_body_bytes, &handler = parts->handler](
                          int socket, const std::atomic<bool>& stopping) {
                        HttpConnection(socket, limit, handler).Serve(stopping);
                      });
  if (!listener.ok()) return listener.status();
  parts->listener = *std::move(listener);
  return std::unique_ptr<Sandbox>(new Sandbox(std::move(parts)));
}

Sandbox::Sandbox(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Sandbox::~Sandbox() { Stop(); }

std::string Sandbox::url() const {
  const bool is_ipv6 = parts_->host.find(':') != std::string::npos;
  return absl::StrFormat(is_ipv6 ? "http://[%s]:%d" : "http://%s:%d", parts_->host,
                         parts_->listener->port());
}

std::int64_t Sandbox::group_count() const {
  return static_cast<std::int64_t>(parts_->store.All().size());
}

void Sandbox::Stop() {
  parts_->faults.Stop();
  parts_->listener->Stop();
}

}  // namespace mutexd::sandbox
