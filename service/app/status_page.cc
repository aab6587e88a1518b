#include "service/app/status_page.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "service/app/status_style.h"
#include "service/telemetry/json_text.h"

namespace mutexd::app {
namespace {

using amplitude::CircuitState;
using amplitude::QuotaState;
using telemetry::Activity;

constexpr int kKeysShown = 10;
constexpr double kLowShare = 0.1;

// Safe in text and in quoted attributes. Control characters, and those that turn the direction of
// reading, would let a name pretend to be something else.
std::string Html(absl::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool turns = text.substr(i, 2) == "\xE2\x80" && i + 2 < text.size() &&
                       static_cast<unsigned char>(text[i + 2]) >= 0x8B &&
                       static_cast<unsigned char>(text[i + 2]) <= 0xAE;
    if (turns) {
      out += "\xEF\xBF\xBD";
      i += 2;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\xEF\xBF\xBD";
    } else if (text[i] == '&') {
      out += "&amp;";
    } else if (text[i] == '<') {
      out += "&lt;";
    } else if (text[i] == '>') {
      out += "&gt;";
    } else if (text[i] == '"') {
      out += "&quot;";
    } else if (text[i] == '\'') {
      out += "&#39;";
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone());
}

// "3 d 4 h", in the two largest units that matter.
std::string DurationText(absl::Duration duration) {
  const std::int64_t seconds = std::max<std::int64_t>(absl::ToInt64Seconds(duration), 0);
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, " min ", seconds % 60, " s");
  if (seconds < 86400) return absl::StrCat(seconds / 3600, " h ", seconds / 60 % 60, " min");
  return absl::StrCat(seconds / 86400, " d ", seconds / 3600 % 24, " h");
}

std::string AgoText(absl::Time time, absl::Time now) {
  if (time == absl::InfinitePast()) return "never";
  return absl::StrCat(DurationText(now - time), " ago");
}

absl::string_view CircuitText(CircuitState state) {
  switch (state) {
    case CircuitState::kClosed:
      return "closed";
    case CircuitState::kHalfOpen:
      return "half open";
    case CircuitState::kOpen:
      break;
  }
  return "open";
}

std::string BytesText(std::size_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  if (bytes < 1024 * 1024) return absl::StrFormat("%.1f KiB", static_cast<double>(bytes) / 1024);
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / 1024 / 1024);
}

// A pair of a <dl>. `value` is HTML.
std::string Pair(absl::string_view name, absl::string_view value) {
  return absl::StrCat("<dt>", name, "</dt><dd>", value, "</dd>");
}

std::string Section(absl::string_view title, absl::string_view content, bool wide = false) {
  return absl::StrCat("<section", wide ? " class=\"wide\"" : "", "><h2>", title, "</h2>", content,
                      "</section>");
}

std::string Upstream(const StatusSnapshot& snapshot, const Activity& activity) {
  const bool closed = activity.circuit == CircuitState::kClosed;
  std::string list = "<dl>";
  absl::StrAppend(&list, Pair("Amplitude", Html(snapshot.upstream)));
  absl::StrAppend(&list, Pair("Circuit", absl::StrCat("<b class=\"", closed ? "good" : "bad", "\">",
                                                      CircuitText(activity.circuit), "</b>")));
  absl::StrAppend(&list, Pair("Last success", AgoText(activity.last_success, snapshot.now)));
  std::string failure = AgoText(activity.last_failure, snapshot.now);
  if (!activity.last_failure_kind.empty()) {
    absl::StrAppend(&failure, " (", Html(activity.last_failure_kind), ")");
  }
  absl::StrAppend(&list, Pair("Last failure", failure));
  absl::StrAppend(&list, Pair("Requests under way", absl::StrCat(activity.requests_under_way)));
  return Section("Upstream", absl::StrCat(list, "</dl>"));
}

std::string Calls(const StatusSnapshot& snapshot, const Activity& activity) {
  std::string list = "<dl>";
  absl::StrAppend(&list, Pair("Under way", absl::StrCat(activity.calls_under_way)),
                  Pair("Finished", absl::StrCat(activity.calls_finished)),
                  Pair("Waiting for quota", absl::StrCat(activity.quota_waiting)),
                  Pair("Connections", absl::StrCat(snapshot.connections_open, " of at most ",
                                                   snapshot.max_connections)));
  for (const std::string& listener : snapshot.listeners) {
    absl::StrAppend(&list, Pair("Listener", Html(listener)));
  }
  return Section("Calls", absl::StrCat(list, "</dl>"));
}

std::string Cache(const Activity& activity) {
  return Section("Cache",
                 absl::StrCat("<dl>", Pair("Holds", BytesText(activity.cache_bytes)),
                              Pair("Entries", absl::StrCat(activity.cache_entries)),
                              Pair("Hits", absl::StrCat(activity.cache_hits)),
                              Pair("Misses", absl::StrCat(activity.cache_misses)), "</dl>"));
}

std::string Budget(absl::string_view name, std::int64_t left, std::int64_t limit) {
  const double share = limit > 0 ? static_cast<double>(left) / static_cast<double>(limit) : 0.0;
  return absl::StrFormat(
      "<div class=\"budget\"><p><span>%s</span><span>%d of %d left</span></p>"
      "<div class=\"bar%s\"><i style=\"width:%.1f%%\"></i></div></div>",
      name, left, limit, share < kLowShare ? " low" : "", 100 * std::clamp(share, 0.0, 1.0));
}

std::string Quotas(const std::vector<QuotaState>& quotas) {
  std::string content;
  int shown = 0;
  for (const QuotaState& quota : quotas) {
    if (shown++ == kKeysShown) break;
    absl::StrAppend(&content, "<p class=\"dim\">Key ",
                    absl::Hex(quota.fingerprint, absl::kZeroPad16),
                    quota.of_service ? ", the service's own" : ", of callers", "</p>",
                    Budget("This second", quota.second_left, quota.second_limit),
                    Budget("Today (UTC)", quota.day_left, quota.day_limit));
  }
  if (quotas.empty()) content = "<p class=\"dim\">No key has been used yet.</p>";
  if (quotas.size() > kKeysShown) {
    absl::StrAppend(&content, "<p class=\"dim\">and ", quotas.size() - kKeysShown,
                    " more keys</p>");
  }
  return Section("Quotas", content);
}

std::string Cell(absl::string_view name, absl::string_view value, absl::string_view kind = "") {
  return absl::StrCat("<td data-name=\"", name, "\"", kind.empty() ? "" : " class=\"", kind,
                      kind.empty() ? "" : "\"", ">", value, "</td>");
}

std::string Writes(const Activity& activity) {
  if (activity.recent_writes.empty()) {
    return Section("Recent writes", "<p class=\"dim\">None since the start.</p>", true);
  }
  std::string rows;
  for (const Activity::Write& write : activity.recent_writes) {
    const std::string outcome =
        absl::StrCat("<b class=\"", write.code == "OK" ? "good" : "bad", "\">", Html(write.code),
                     "</b>", write.reason.empty() ? "" : " ", Html(write.reason));
    absl::StrAppend(
        &rows, "<tr>", Cell("Time", TimeText(write.time)),
        Cell("Caller", write.caller.empty() ? "–" : Html(write.caller), "text"),
        Cell("Method", Html(write.method)), Cell("Group", Html(write.mutex_group_id), "text"),
        Cell("Outcome", outcome, "text"), Cell("Call", Html(write.rpc_id), "text dim"), "</tr>");
  }
  return Section("Recent writes",
                 absl::StrCat("<div class=\"scroll\"><table><thead><tr><th>Time (UTC)</th>"
                              "<th>Caller</th><th>Method</th><th>Group</th><th>Outcome</th>"
                              "<th>Call</th></tr></thead><tbody>",
                              rows, "</tbody></table></div>"),
                 true);
}

// Each line with what stands behind its last "  # ", the origin, set apart.
std::string InForce(const StatusSnapshot& snapshot) {
  std::string text;
  for (const absl::string_view line : absl::StrSplit(snapshot.configuration, '\n')) {
    const std::size_t origin = absl::StartsWith(line, "#") ? 0 : line.rfind("  # ");
    const std::size_t end = std::min(origin, line.size());
    absl::StrAppend(&text, Html(line.substr(0, end)), "<span>", Html(line.substr(end)),
                    "</span>\n");
  }
  return Section("Configuration", absl::StrCat("<pre>", text, "</pre>"), true);
}

std::string Heading(const StatusSnapshot& snapshot, int refresh) {
  const bool serving = snapshot.state == "serving";
  return absl::StrCat(
      "<header><h1>mutexd</h1><span class=\"state ", serving ? "good" : "warn", "\">",
      Html(snapshot.state), "</span><p>", Html(snapshot.version),
      snapshot.commit.empty() ? "" : " ", Html(snapshot.commit), " · up ",
      DurationText(snapshot.now - snapshot.started), " · ", TimeText(snapshot.now), " UTC</p><nav>",
      refresh > 0 ? absl::StrCat("every ", refresh, " s · <a href=\"/statusz\">stop</a>")
                  : "<a href=\"/statusz?refresh=5\">refresh every 5 s</a>",
      " · <a href=\"/metrics\">metrics</a></nav></header>");
}

void AppendField(std::string& out, absl::string_view name, absl::string_view text) {
  absl::StrAppend(&out, out.back() == '{' ? "" : ",", "\"", name, "\":");
  telemetry::AppendJsonString(out, text);
}

void AppendField(std::string& out, absl::string_view name, std::int64_t number) {
  absl::StrAppend(&out, out.back() == '{' ? "" : ",", "\"", name, "\":", number);
}

void AppendTime(std::string& out, absl::string_view name, absl::Time time) {
  if (time == absl::InfinitePast()) return;
  AppendField(out, name, absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()));
}

void AppendCore(std::string& out, const CoreStatus& core) {
  const Activity& activity = core.activity;
  AppendField(out, "circuit", CircuitText(activity.circuit));
  AppendTime(out, "last_success", activity.last_success);
  AppendTime(out, "last_failure", activity.last_failure);
  AppendField(out, "last_failure_kind", activity.last_failure_kind);
  AppendField(out, "requests_under_way", activity.requests_under_way);
  AppendField(out, "calls_under_way", activity.calls_under_way);
  AppendField(out, "calls_finished", activity.calls_finished);
  AppendField(out, "cache_bytes", static_cast<std::int64_t>(activity.cache_bytes));
  AppendField(out, "cache_entries", static_cast<std::int64_t>(activity.cache_entries));
  std::vector<std::string> quotas;
  for (const QuotaState& quota : core.quotas) {
    std::string& one = quotas.emplace_back("{");
    AppendField(one, "key", absl::StrCat(absl::Hex(quota.fingerprint, absl::kZeroPad16)));
    AppendField(one, "second_left", quota.second_left);
    AppendField(one, "second_limit", quota.second_limit);
    AppendField(one, "day_left", quota.day_left);
    AppendField(one, "day_limit", quota.day_limit);
  }
  std::vector<std::string> writes;
  for (const Activity::Write& write : activity.recent_writes) {
    std::string& one = writes.emplace_back("{");
    AppendTime(one, "time", write.time);
    AppendField(one, "rpc_id", write.rpc_id);
    AppendField(one, "caller", write.caller);
    AppendField(one, "method", write.method);
    AppendField(one, "mutex_group_id", write.mutex_group_id);
    AppendField(one, "code", write.code);
    AppendField(one, "reason", write.reason);
  }
  const auto list = [](const std::vector<std::string>& objects) {
    return absl::StrJoin(objects, ",",
                         [](std::string* o, const std::string& s) { absl::StrAppend(o, s, "}"); });
  };
  absl::StrAppend(&out, ",\"quotas\":[", list(quotas), "],\"recent_writes\":[", list(writes), "]");
}

}  // namespace

std::string StatusPage(const StatusSnapshot& snapshot, int refresh) {
  std::string content;
  if (snapshot.core) {
    const Activity& activity = snapshot.core->activity;
    absl::StrAppend(&content, Upstream(snapshot, activity), Calls(snapshot, activity),
                    Quotas(snapshot.core->quotas), Cache(activity), Writes(activity));
  } else {
    content =
        Section("No answer",
                "<p class=\"bad\">The event loop does not answer: calls are not served.</p>", true);
  }
  absl::StrAppend(&content, InForce(snapshot));
  return absl::StrCat(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">",
      refresh > 0 ? absl::StrCat("<meta http-equiv=\"refresh\" content=\"", refresh, "\">") : "",
      "<link rel=\"icon\" href=\"data:,\"><title>mutexd: ", Html(snapshot.state), "</title><style>",
      kStatusStyle, "</style></head><body><main>", Heading(snapshot, refresh),
      "<div class=\"cards\">", content, "</div></main></body></html>\n");
}

std::string StatusJson(const StatusSnapshot& snapshot) {
  std::string out = "{";
  AppendField(out, "state", snapshot.state);
  AppendField(out, "version", snapshot.version);
  AppendField(out, "commit", snapshot.commit);
  AppendTime(out, "started", snapshot.started);
  AppendField(out, "upstream", snapshot.upstream);
  AppendField(out, "connections_open", static_cast<std::int64_t>(snapshot.connections_open));
  AppendField(out, "max_connections", static_cast<std::int64_t>(snapshot.max_connections));
  if (snapshot.core) AppendCore(out, *snapshot.core);
  return absl::StrCat(out, "}\n");
}

int ParseRefresh(absl::string_view text) {
  int seconds = 0;
  return absl::SimpleAtoi(text, &seconds) && seconds >= 1 && seconds <= 3600 ? seconds : 0;
}

}  // namespace mutexd::app
