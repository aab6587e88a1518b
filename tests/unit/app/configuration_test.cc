#include "service/app/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "service/app/setting_table.h"
#include "tests/unit/app/settings_fixture.h"
#include "tests/unit/app/test_certificate.h"

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::map<std::string, std::string> kKey = {{"AMPLITUDE_MANAGEMENT_KEY", "ampex_secret"}};

Given Flags(std::vector<std::string> arguments) { return {std::move(arguments), kKey, {}}; }
Given Variable(const std::string& name, const std::string& value) {
  Given given;
  given.environment[name] = value;
  return given;
}
Given File(const std::string& text) {
  Given given;
  given.arguments = {"--config=m.toml"};
  given.files["m.toml"] = text;
  return given;
}

const EffectiveValue& ValueOf(const Configuration& configuration, absl::string_view name) {
  for (const EffectiveValue& value : configuration.values) {
    if (value.name == name) return value;
  }
  ADD_FAILURE() << "no value of " << name;
  return configuration.values.front();
}

TEST(Configuration, HasDefaultsForAllButTheKey) {
  const Configuration configuration = Load({});
  ASSERT_THAT(configuration.problems, IsEmpty());
  const Settings& settings = configuration.settings;
  ASSERT_EQ(settings.listen.size(), 1u);
  EXPECT_EQ(settings.listen[0].ToString(), "127.0.0.1:50051");
  ASSERT_TRUE(settings.management.has_value());
  EXPECT_EQ(settings.management->ToString(), "127.0.0.1:9464");
  EXPECT_EQ(settings.region, amplitude::Region::kUs);
  EXPECT_FALSE(settings.amplitude_url.has_value());
  EXPECT_EQ(settings.amplitude_management_key, "ampex_secret");
  EXPECT_EQ(settings.slot_index_base, 1);
  EXPECT_EQ(settings.upstream_timeout, absl::Seconds(10));
  EXPECT_EQ(settings.quota.per_second, 100);
  EXPECT_EQ(settings.quota.per_day, 100'000);
  EXPECT_EQ(settings.quota.write_reserve, 0.1);
  EXPECT_EQ(settings.state_dir, "");
  EXPECT_FALSE(settings.sandbox);
  EXPECT_EQ(settings.default_deadline, absl::Seconds(20));
  EXPECT_EQ(settings.write_visibility_timeout, absl::Seconds(2));
  EXPECT_EQ(settings.default_max_staleness, absl::ZeroDuration());
  EXPECT_EQ(settings.max_staleness_limit, absl::Minutes(10));
  EXPECT_EQ(settings.cache_max_bytes, std::size_t{32} << 20);
  EXPECT_EQ(settings.max_reply_bytes, 3670016u);
  EXPECT_EQ(settings.log_level, telemetry::LogLevel::kInfo);
  EXPECT_EQ(settings.log_format, telemetry::LogFormat::kJson);
  EXPECT_EQ(settings.drain_timeout, absl::Seconds(25));
}

TEST(Configuration, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  Given given;
  EXPECT_EQ(ValueOf(Load(given), "drain-timeout").origin.where, "default");

  given.files["m.toml"] = "# ours\ndrain-timeout = \"1s\"\n";
  given.arguments = {"--config", "m.toml"};
  Configuration configuration = Load(given);
  EXPECT_EQ(configuration.settings.drain_timeout, absl::Seconds(1));
  EXPECT_EQ(ValueOf(configuration, "drain-timeout").origin.where, "m.toml:2");

  given.environment["MUTEXD_DRAIN_TIMEOUT"] = "2s";
  configuration = Load(given);
  EXPECT_EQ(configuration.settings.drain_timeout, absl::Seconds(2));
  EXPECT_EQ(ValueOf(configuration, "drain-timeout").origin.where,
            "environment variable MUTEXD_DRAIN_TIMEOUT");

  given.arguments.push_back("--drain-timeout=3s");
  configuration = Load(given);
  EXPECT_EQ(configuration.settings.drain_timeout, absl::Seconds(3));
  EXPECT_EQ(ValueOf(configuration, "drain-timeout").origin.where, "flag --drain-timeout");
  EXPECT_THAT(configuration.problems, IsEmpty());
}

constexpr char kPolicy[] = "[[rule]]\nname = \"r\"\nprincipals = [\"*\"]\nallow = [\"read\"]\n";

// Another valid value of each setting than its default, in the three forms.
struct Example {
  const char* name;
  const char* text;
  const char* toml;
};

class EverySetting : public ::testing::TestWithParam<Example> {};

TEST_P(EverySetting, CanBeGivenAsFlagVariableAndKey) {
  const auto& [name, text, toml] = GetParam();
  const auto& table = SettingTable();
  const auto setting = std::find_if(table.begin(), table.end(),
                                    [&](const Setting& s) { return s.name == GetParam().name; });
  ASSERT_NE(setting, table.end());
  Given base;
  base.files["ca.pem"] = "-----BEGIN CERTIFICATE-----";
  base.files["/run/secrets/key"] = "ampex_file";
  static const TestCertificate tls = MakeCertificate();
  base.files["tls.pem"] = tls.certificate;
  base.files["tls.key"] = tls.key;
  if (absl::string_view(name) == "sandbox-state") base.arguments = {"--sandbox"};
  if (absl::string_view(name) == "tls-cert") base.arguments = {"--tls-key=tls.key"};
  if (absl::string_view(name) == "tls-key") base.arguments = {"--tls-cert=tls.pem"};
  if (absl::string_view(name) == "tls-client-ca") {
    base.arguments = {"--tls-cert=tls.pem", "--tls-key=tls.key"};
  }
  base.files["policy.toml"] = kPolicy;
  if (absl::string_view(name) == "amplitude-key-file") base.environment.clear();
  if (absl::string_view(name) == "credentials") base.environment.clear();

  Given flag = base;
  if (setting->kind == Setting::Kind::kSwitch) {
    flag.arguments.push_back(absl::StrCat("--", name));
  } else {
    for (const absl::string_view part : absl::StrSplit(text, ',')) {
      flag.arguments.push_back(absl::StrCat("--", name, "=", part));
    }
  }
  Given variable = base;
  variable.environment[setting->EnvironmentName()] = text;
  Given key = base;
  key.arguments.insert(key.arguments.end(), {"--config", "m.toml"});
  key.files["m.toml"] = absl::StrCat(name, " = ", toml);

  const Configuration without = Load(base);
  for (const Given& given : {flag, variable, key}) {
    const Configuration configuration = Load(given);
    EXPECT_THAT(configuration.problems, IsEmpty());
    EXPECT_THAT(configuration.warnings, IsEmpty());
    EXPECT_NE(ValueOf(configuration, name).origin.kind, OriginKind::kDefault);
    EXPECT_NE(ValueOf(configuration, name).texts, ValueOf(without, name).texts);
  }
}

constexpr Example kExamples[] = {
    {"listen", "127.0.0.1:0,unix:/tmp/m.sock", R"(["127.0.0.1:0", "unix:/tmp/m.sock"])"},
    {"management", "off", R"("off")"},
    {"channelz", "127.0.0.1:50052", R"("127.0.0.1:50052")"},
    {"drain-timeout", "10s", R"("10s")"},
    {"tls-cert", "tls.pem", R"("tls.pem")"},
    {"tls-key", "tls.key", R"("tls.key")"},
    {"tls-client-ca", "tls.pem", R"("tls.pem")"},
    {"allow-plaintext", "true", "true"},
    {"unix-socket-mode", "0600", R"("0600")"},
    {"unix-socket-group", "0", "0"},
    {"unix-identity", "local,other", R"(["local", "other"])"},
    {"max-connections", "100", "100"},
    {"max-connection-age", "30m", R"("30m")"},
    {"max-concurrent-streams", "50", "50"},
    {"memory-limit", "64MiB", R"("64MiB")"},
    {"max-calls", "500", "500"},
    {"amplitude-proxy", "http://u:p@proxy.example:3128", R"("http://u:p@proxy.example:3128")"},
    {"authz-policy", "policy.toml", R"("policy.toml")"},
    {"read-only", "true", "true"},
    {"credentials", "caller", R"("caller")"},
    {"region", "eu", R"("eu")"},
    {"amplitude-url", "https://proxy.example", R"("https://proxy.example")"},
    {"amplitude-ca-file", "ca.pem", R"("ca.pem")"},
    {"amplitude-key-file", "/run/secrets/key", R"("/run/secrets/key")"},
    {"slot-index-base", "0", "0"},
    {"upstream-timeout", "500ms", R"("500ms")"},
    {"quota-per-second", "50", "50"},
    {"quota-per-day", "1000", "1_000"},
    {"quota-write-reserve", "0.25", "0.25"},
    {"state-dir", "/var/lib/mutexd", R"("/var/lib/mutexd")"},
    {"sandbox", "true", "true"},
    {"sandbox-state", "state.json", R"("state.json")"},
    {"default-deadline", "5s", R"("5s")"},
    {"write-visibility-timeout", "0s", R"("0s")"},
    {"default-max-staleness", "30s", R"("30s")"},
    {"max-staleness-limit", "1h", R"("1h")"},
    {"cache-max-bytes", "0", "0"},
    {"max-reply-bytes", "65536", "65536"},
    {"audit-log", "audit.jsonl", R"("audit.jsonl")"},
    {"log-level", "debug", R"("debug")"},
    {"log-format", "text", R"("text")"},
};

std::string ExampleName(const ::testing::TestParamInfo<Example>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, EverySetting, ::testing::ValuesIn(kExamples), ExampleName);

TEST(Configuration, TheExamplesAboveCoverTheTable) {
  std::vector<std::string> untested;
  for (const Setting& setting : SettingTable()) {
    if (setting.places != Setting::kEverywhere) continue;
    if (std::none_of(std::begin(kExamples), std::end(kExamples),
                     [&](const Example& example) { return setting.name == example.name; })) {
      untested.emplace_back(setting.name);
    }
  }
  EXPECT_THAT(untested, IsEmpty());
}

TEST(Configuration, NumbersMayStandInQuotesInTheFile) {
  const Configuration configuration =
      Load(File("quota-per-second = \"7\"\nquota-per-day = 9\nquota-write-reserve = 0\n"));
  EXPECT_THAT(configuration.problems, IsEmpty());
  EXPECT_EQ(configuration.settings.quota.per_second, 7);
  EXPECT_EQ(configuration.settings.quota.per_day, 9);
  EXPECT_EQ(configuration.settings.quota.write_reserve, 0);
}

TEST(Configuration, ListsAreRepeatedFlagsCommaSeparatedVariablesAndArrays) {
  const auto addresses = [](const Given& given) {
    const Configuration configuration = Load(given);
    EXPECT_THAT(configuration.problems, IsEmpty());
    std::vector<std::string> texts;
    for (const ListenAddress& address : configuration.settings.listen) {
      texts.push_back(address.ToString());
    }
    return texts;
  };
  Given given;
  given.arguments = {"--listen", "127.0.0.1:1", "--listen", "unix:/a", "--region", "us"};
  EXPECT_THAT(addresses(given), ElementsAre("127.0.0.1:1", "unix:/a"));
  given.arguments = {"--config=m.toml"};
  given.files["m.toml"] = "listen = [\n  \"127.0.0.1:2\",\n  \"unix:/b\"\n]";
  EXPECT_THAT(addresses(given), ElementsAre("127.0.0.1:2", "unix:/b"));
  given.files["m.toml"] = "listen = \"127.0.0.1:4\"";
  EXPECT_THAT(addresses(given), ElementsAre("127.0.0.1:4"));
  given.environment["MUTEXD_LISTEN"] = "127.0.0.1:3, unix:/c,";
  EXPECT_THAT(addresses(given), ElementsAre("127.0.0.1:3", "unix:/c"));
}

TEST(Configuration, TakesThePathOfTheFileFromTheEnvironmentToo) {
  Given given;
  given.environment["MUTEXD_CONFIG"] = "m.toml";
  given.files["m.toml"] = "region = \"eu\"";
  EXPECT_EQ(Load(given).settings.region, amplitude::Region::kEu);
}

TEST(Configuration, TheLastOfAFlagGivenTwiceCounts) {
  const Configuration configuration = Load(Flags({"--region=us", "--region=eu"}));
  EXPECT_THAT(configuration.problems, IsEmpty());
  EXPECT_EQ(configuration.settings.region, amplitude::Region::kEu);
}

TEST(Configuration, NeverRepeatsAKeyGivenAsAFlag) {
  const Configuration configuration =
      Load(Flags({"--amplitude-management-key", "ampex_0123456789abcdef"}));
  EXPECT_THAT(configuration.problems, SizeIs(2));
  EXPECT_THAT(configuration.problems, Each(Not(HasSubstr("0123456789abcdef"))));
}

TEST(Configuration, TrimsTheKey) {
  Given given;
  given.environment["AMPLITUDE_MANAGEMENT_KEY"] = " ampex_x\n";
  EXPECT_EQ(Load(given).settings.amplitude_management_key, "ampex_x");
}

TEST(Configuration, TheSandboxNeedsNoKey) {
  Given given;
  given.environment.clear();
  given.arguments = {"--sandbox"};
  EXPECT_THAT(Load(given).problems, IsEmpty());
}

TEST(Configuration, KeyFileAndKeyFollowTheSamePrecedence) {
  Given given;
  given.files["/k"] = "ampex_file\n";
  given.arguments = {"--amplitude-key-file=/k"};
  Settings settings = Load(given).settings;
  EXPECT_EQ(settings.amplitude_key_file, "/k");
  EXPECT_EQ(settings.amplitude_management_key, "");

  given.arguments = {"--config=m.toml"};
  given.files["m.toml"] = "amplitude-key-file = \"/k\"";
  settings = Load(given).settings;
  EXPECT_EQ(settings.amplitude_key_file, "");
  EXPECT_EQ(settings.amplitude_management_key, "ampex_secret");
}

TEST(Configuration, HelpAndVersionWinOverProblems) {
  Given given;
  given.environment.clear();
  given.arguments = {"--help", "--listen=nonsense"};
  EXPECT_TRUE(Load(given).settings.help);
  EXPECT_THAT(Load(given).problems, IsEmpty());
  given.arguments = {"--version"};
  EXPECT_TRUE(Load(given).settings.version);
  EXPECT_THAT(Load(given).problems, IsEmpty());
}

struct BadCase {
  const char* name;
  Given given;
  std::vector<std::string> problems;
};

class BadSettings : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadSettings, EndInOneSentenceEach) {
  EXPECT_EQ(Load(GetParam().given).problems, GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadSettings,
    ::testing::Values(
        BadCase{
            "no_key",
            {{}, {}, {}},
            {"there is no management key: give --amplitude-key-file PATH or set the environment "
             "variable AMPLITUDE_MANAGEMENT_KEY, or --credentials caller to use each caller's; to "
             "try the service without a key, give --sandbox"}},
        BadCase{"callers_keys_and_a_key",
                {{"--credentials=caller"}, {{"AMPLITUDE_MANAGEMENT_KEY", "ampex_x"}}, {}},
                {"credentials = \"caller\" (flag --credentials) and a management key "
                 "(AMPLITUDE_MANAGEMENT_KEY) exclude each other: with the callers' keys the "
                 "service has none of its own; give one of them"}},
        BadCase{"callers_keys_and_a_key_file",
                {{"--credentials=caller", "--amplitude-key-file=/k"}, {}, {{"/k", "ampex_x"}}},
                {"credentials = \"caller\" (flag --credentials) and a management key "
                 "(amplitude-key-file) exclude each other: with the callers' keys the service has "
                 "none of its own; give one of them"}},
        BadCase{"no_policy_file",
                {{"--sandbox", "--authz-policy=/p"}, {}, {}},
                {"authz-policy = \"/p\" (flag --authz-policy): cannot be read: No such file or "
                 "directory; give a readable TOML file"}},
        BadCase{"bad_policy",
                {{"--sandbox", "--authz-policy=/p"}, {}, {{"/p", "\nrules = 1\n"}}},
                {"/p:2: unknown key \"rules\"; a policy has nothing but rules: begin each with "
                 "[[rule]]"}},
        BadCase{"empty_key",
                {{}, {{"AMPLITUDE_MANAGEMENT_KEY", " \n"}}, {}},
                {"AMPLITUDE_MANAGEMENT_KEY: is empty; put the key there"}},
        BadCase{"key_with_space",
                {{}, {{"AMPLITUDE_MANAGEMENT_KEY", "ampex_a b"}}, {}},
                {"AMPLITUDE_MANAGEMENT_KEY: has spaces or characters beyond ASCII inside; put the "
                 "key there "
                 "as Amplitude shows it"}},
        BadCase{"key_as_flag",
                Flags({"--amplitude-management-key=ampex_flag"}),
                {"--amplitude-management-key is not a flag, as everybody could see it: the "
                 "management key is only taken from the file of amplitude-key-file or from the "
                 "environment variable AMPLITUDE_MANAGEMENT_KEY"}},
        BadCase{
            "key_in_file",
            File("amplitude-management-key = \"ampex_file\""),
            {"m.toml:1: amplitude-management-key does not stand in the file: the management key "
             "is only taken from the file of amplitude-key-file or from the environment variable "
             "AMPLITUDE_MANAGEMENT_KEY"}},
        BadCase{"two_keys",
                {{},
                 {{"AMPLITUDE_MANAGEMENT_KEY", "ampex_a"}, {"MUTEXD_AMPLITUDE_KEY_FILE", "/k"}},
                 {{"/k", "ampex_b"}}},
                {"amplitude-key-file = \"/k\" (environment variable MUTEXD_AMPLITUDE_KEY_FILE) and "
                 "the environment variable AMPLITUDE_MANAGEMENT_KEY are both set; unset one"}},
        BadCase{
            "duration_in_flag",
            Flags({"--drain-timeout", "10"}),
            {"drain-timeout = \"10\" (flag --drain-timeout): is not a duration; write it with a "
             "unit, such as 500ms, 10s or 5m"}},
        BadCase{"negative_duration",
                Flags({"--default-deadline", "-5s"}),
                {"default-deadline = \"-5s\" (flag --default-deadline): is out of range; give a "
                 "duration from 1ms to 1h"}},
        BadCase{
            "region_in_variable",
            Variable("MUTEXD_REGION", "asia"),
            {"region = \"asia\" (environment variable MUTEXD_REGION): is not one of the choices; "
             "give us or eu"}},
        BadCase{"empty_variable",
                Variable("MUTEXD_LISTEN", ""),
                {"listen = \"\" (environment variable MUTEXD_LISTEN): is empty; give at least one "
                 "address"}},
        BadCase{"one_address_of_two",
                Flags({"--listen=127.0.0.1:1", "--listen=127.0.0.1"}),
                {"listen = \"127.0.0.1:1,127.0.0.1\" (flag --listen): in \"127.0.0.1\" the port is "
                 "missing; write it as 127.0.0.1:50051, [::1]:50051 or unix:/run/mutexd.sock"}},
        BadCase{"same_address_twice",
                Flags({"--listen=unix:/a", "--listen=unix:/a"}),
                {"listen = \"unix:/a,unix:/a\" (flag --listen): names unix:/a twice; name each "
                 "address once"}},
        BadCase{
            "management_on_unix_socket",
            Flags({"--management=unix:/a"}),
            {"management = \"unix:/a\" (flag --management): the management port cannot be a unix "
             "socket; write it as 127.0.0.1:9464 or off"}},
        BadCase{"url_without_tls",
                Flags({"--amplitude-url=http://example.com"}),
                {"amplitude-url = \"http://example.com\" (flag --amplitude-url): would send the "
                 "management key unencrypted; use https (http is accepted for this machine only: "
                 "localhost, 127.0.0.1, [::1])"}},
        BadCase{
            "quota_of_nothing",
            Flags({"--quota-per-second=0", "--quota-per-day=2e9", "--quota-write-reserve=1"}),
            {"quota-per-second = \"0\" (flag --quota-per-second): is out of range; give a whole "
             "number from 1 to 1000000",
             "quota-per-day = \"2e9\" (flag --quota-per-day): is not a whole number; give a "
             "whole number from 1 to 1000000000",
             "quota-write-reserve = \"1\" (flag --quota-write-reserve): is out of range; give "
             "a share from 0 to below 1, such as 0.1"}},
        BadCase{"slot_index_base",
                File("slot-index-base = 2"),
                {"slot-index-base = \"2\" (m.toml:1): is not one of the choices; give 0 or 1"}},
        BadCase{
            "size",
            Flags({"--max-reply-bytes=lots"}),
            {"max-reply-bytes = \"lots\" (flag --max-reply-bytes): is not a size; write bytes as "
             "a number, or with a unit, such as 3.5MiB"}},
        BadCase{
            "log_level",
            Flags({"--log-level=loud"}),
            {"log-level = \"loud\" (flag --log-level): is not one of the choices; give debug or "
             "info or warning or error or critical"}},
        BadCase{
            "empty_path",
            {{"--sandbox"}, {{"MUTEXD_SANDBOX_STATE", ""}}, {}},
            {"sandbox-state = \"\" (environment variable MUTEXD_SANDBOX_STATE): is empty; give a "
             "path"}},
        BadCase{"sandbox_and_url",
                Flags({"--sandbox", "--amplitude-url=https://x"}),
                {"sandbox = \"true\" (flag --sandbox) and amplitude-url = \"https://x\" (flag "
                 "--amplitude-url) exclude each other; give one of them"}},
        BadCase{
            "state_without_sandbox",
            Flags({"--sandbox-state=s.json"}),
            {"sandbox-state = \"s.json\" (flag --sandbox-state) has no effect without --sandbox; "
             "give both or neither"}},
        BadCase{"staleness",
                Flags({"--default-max-staleness=11m"}),
                {"default-max-staleness = \"11m\" (flag --default-max-staleness) is longer than "
                 "max-staleness-limit = \"10m\" (default); lower the one or raise the other"}},
        BadCase{
            "key_file_missing",
            Flags({"--amplitude-key-file=/no"}),
            {"amplitude-key-file = \"/no\" (flag --amplitude-key-file): cannot be read: No such "
             "file or directory; give a readable file with nothing but the key"}},
        BadCase{"key_file_empty",
                {{"--amplitude-key-file=/k"}, {}, {{"/k", "\n"}}},
                {"amplitude-key-file = \"/k\" (flag --amplitude-key-file): is empty; put the key "
                 "there"}},
        BadCase{"ca_file_missing",
                Flags({"--amplitude-ca-file=/no"}),
                {"amplitude-ca-file = \"/no\" (flag --amplitude-ca-file): cannot be read: No such "
                 "file or directory; give a readable PEM file"}},
        BadCase{
            "ca_file_without_certificate",
            {{"--amplitude-ca-file=ca"}, kKey, {{"ca", "hello"}}},
            {"amplitude-ca-file = \"ca\" (flag --amplitude-ca-file): has no certificate; give a "
             "PEM file with -----BEGIN CERTIFICATE-----"}},
        BadCase{"certificate_without_key",
                Flags({"--tls-cert=c"}),
                {"tls-cert = \"c\" (flag --tls-cert) needs --tls-key as well; give both or "
                 "neither"}},
        BadCase{"tls_files_missing",
                Flags({"--tls-cert=c", "--tls-key=k"}),
                {"tls-cert = \"c\" (flag --tls-cert): cannot be read: No such file or directory; "
                 "give a readable PEM file",
                 "tls-key = \"k\" (flag --tls-key): cannot be read: No such file or directory; "
                 "give a readable PEM file"}},
        BadCase{"client_ca_without_tls",
                Flags({"--tls-client-ca=a"}),
                {"tls-client-ca = \"a\" (flag --tls-client-ca) has no effect without TLS; give "
                 "--tls-cert and --tls-key as well"}},
        BadCase{"plaintext_to_other_machines",
                Flags({"--listen=0.0.0.0:1"}),
                {"listen = \"0.0.0.0:1\" (flag --listen): 0.0.0.0:1 can be reached from other "
                 "machines, and nothing would be encrypted; give --tls-cert and --tls-key, or "
                 "--allow-plaintext where the network itself is trusted"}},
        BadCase{"identity_of_no_socket",
                Flags({"--unix-identity=/a=b"}),
                {"unix-identity = \"/a=b\" (flag --unix-identity): /a is not served; give "
                 "--listen=unix:/a as well, or correct the path"}},
        BadCase{"proxy_without_port",
                Flags({"--amplitude-proxy=http://user:secret@proxy"}),
                {"amplitude-proxy = \"http://***@proxy\" (flag --amplitude-proxy): has no port; "
                 "write it as http://proxy.example.com:3128"}},
        BadCase{"unknown_flag",
                Flags({"--drain-timout=1s"}),
                {"unknown flag --drain-timout; did you mean --drain-timeout?"}},
        BadCase{"flag_of_nothing",
                Flags({"--quantum"}),
                {"unknown flag --quantum; see --help for those there are"}},
        BadCase{"argument",
                Flags({"serve"}),
                {"unexpected argument \"serve\"; mutexd takes flags only, see --help"}},
        BadCase{"flag_without_value",
                Flags({"--region"}),
                {"--region needs a value; write it as --region us|eu"}},
        BadCase{"unknown_key",
                File("region = \"eu\"\n\nlisen = [\"127.0.0.1:1\"]"),
                {"m.toml:3: unknown key \"lisen\"; did you mean listen?"}},
        BadCase{"table_in_file",
                File("[amplitude_things]\nx = 1"),
                {"m.toml:1: unknown key \"amplitude_things\"; remove it; --help has those there "
                 "are"}},
        BadCase{"flag_in_file",
                File("config = \"other.toml\""),
                {"m.toml:1: config does not stand in the file; give it as the flag --config"}},
        BadCase{"wrong_kind_in_file",
                File("region = \"eu\"\nsandbox = \"yes\""),
                {"m.toml:2: sandbox = 'yes' is of the wrong kind; write true or false without "
                 "quotes"}},
        BadCase{"array_for_one_value",
                File("drain-timeout = [\"1s\"]"),
                {"m.toml:1: drain-timeout = [ '1s' ] is of the wrong kind; write a string in "
                 "quotes"}},
        BadCase{
            "wrong_element_in_file",
            File("listen = [\"127.0.0.1:1\", 1.5]"),
            {"m.toml:1: listen = [ '127.0.0.1:1', 1.5 ] is of the wrong kind; write an array of "
             "strings"}},
        BadCase{
            "missing_file",
            Flags({"--config=none.toml"}),
            {"config = \"none.toml\" (flag --config): cannot be read: No such file or directory; "
             "give the path of a readable TOML file"}},
        BadCase{
            "several_at_once",
            {{"--region=asia", "--quantum", "--config=m.toml"},
             kKey,
             {{"m.toml", "log-level = \"loud\""}}},
            {"unknown flag --quantum; see --help for those there are",
             "region = \"asia\" (flag --region): is not one of the choices; give us or eu",
             "log-level = \"loud\" (m.toml:1): is not one of the choices; give debug or info or "
             "warning or error or critical"}}),
    [](const auto& bad_case) { return std::string(bad_case.param.name); });

TEST(Configuration, NamesTheLineOfBrokenToml) {
  const Configuration configuration = Load(File("region = \"eu\"\nlisten = [\n\"a\""));
  ASSERT_EQ(configuration.problems.size(), 1u);
  EXPECT_THAT(configuration.problems[0],
              AllOf(HasSubstr("m.toml:3: is not TOML: "), HasSubstr("; mend that line")));
}

TEST(Configuration, WarnsWhereEveryCertificateMayDoEverything) {
  const TestCertificate tls = MakeCertificate();
  Given given;
  given.files = {{"tls.pem", tls.certificate}, {"tls.key", tls.key}, {"policy.toml", kPolicy}};
  given.arguments = {"--tls-cert=tls.pem", "--tls-key=tls.key", "--tls-client-ca=tls.pem",
                     "--listen=127.0.0.1:1", "--listen=unix:/tmp/m.sock"};
  EXPECT_THAT(Load(given).warnings, IsEmpty());
  given.arguments.emplace_back("--listen=0.0.0.0:1");
  EXPECT_THAT(Load(given).warnings,
              ElementsAre(AllOf(HasSubstr("0.0.0.0:1"), HasSubstr("give --authz-policy"))));
  given.arguments.emplace_back("--authz-policy=policy.toml");
  EXPECT_THAT(Load(given).warnings, IsEmpty());
}

TEST(Configuration, WarnsWhereCallersKeysWillBeRefused) {
  Given given;
  given.environment.clear();
  given.arguments = {"--credentials=caller", "--listen=127.0.0.1:1"};
  EXPECT_THAT(Load(given).warnings, IsEmpty());
  given.arguments.insert(given.arguments.end(), {"--listen=0.0.0.0:1", "--allow-plaintext"});
  EXPECT_THAT(Load(given).warnings, ElementsAre(HasSubstr("all calls by 0.0.0.0:1")));
}

TEST(Configuration, WarnsOfAPolicyWithoutRules) {
  Given given;
  given.files["policy.toml"] = "";
  given.arguments = {"--authz-policy=policy.toml"};
  EXPECT_THAT(Load(given).problems, IsEmpty());
  EXPECT_THAT(Load(given).warnings, ElementsAre(HasSubstr("nobody may do anything")));
}

TEST(Configuration, WarnsOfVariablesThatAreNoSettings) {
  Given given;
  given.environment["MUTEXD_DRAINTIMEOUT"] = "1s";
  const Configuration configuration = Load(given);
  EXPECT_THAT(configuration.problems, IsEmpty());
  EXPECT_THAT(configuration.warnings,
              ElementsAre("the environment variable MUTEXD_DRAINTIMEOUT is not a setting and is "
                          "ignored; did you mean MUTEXD_DRAIN_TIMEOUT?"));
}

TEST(Configuration, IsSilentAboutWhatKubernetesSets) {
  Given given;
  given.environment["MUTEXD_SERVICE_HOST"] = "10.0.0.1";
  given.environment["MUTEXD_SERVICE_PORT_GRPC"] = "50051";
  given.environment["MUTEXD_PORT"] = "tcp://10.0.0.1:50051";
  given.environment["MUTEXD_PORT_50051_TCP_ADDR"] = "10.0.0.1";
  EXPECT_THAT(Load(given).warnings, IsEmpty());
}

TEST(Configuration, ShowsNoPasswordOfAProxy) {
  Given given;
  given.arguments = {"--amplitude-proxy=http://user:secret@proxy.example:3128"};
  const Configuration configuration = Load(given);
  EXPECT_EQ(configuration.settings.amplitude_proxy, "http://user:secret@proxy.example:3128");
  const std::string text = DescribeConfiguration(configuration);
  EXPECT_THAT(text, HasSubstr("amplitude-proxy = \"http://***@proxy.example:3128\""));
  EXPECT_THAT(text, Not(HasSubstr("secret@")));
}

TEST(Configuration, IsDescribedAsAFileOfTheSameEffect) {
  Given given;
  given.arguments = {"--listen=127.0.0.1:1", "--listen=unix:/a", "--config=m.toml"};
  given.environment["MUTEXD_REGION"] = "eu";
  given.files["m.toml"] = "slot-index-base = 0";
  const Configuration configuration = Load(given);
  const std::string text = DescribeConfiguration(configuration);
  EXPECT_THAT(text, HasSubstr("listen = [\"127.0.0.1:1\", \"unix:/a\"]  # flag --listen\n"));
  EXPECT_THAT(text, HasSubstr("region = \"eu\"  # environment variable MUTEXD_REGION\n"));
  EXPECT_THAT(text, HasSubstr("slot-index-base = \"0\"  # m.toml:1\n"));
  EXPECT_THAT(text, HasSubstr("sandbox = false  # default\n"));
  EXPECT_THAT(text, HasSubstr("# amplitude-url is not set\n"));
  EXPECT_THAT(text, HasSubstr("# management key: given by the environment variable "
                              "AMPLITUDE_MANAGEMENT_KEY\n"));
  EXPECT_THAT(text, Not(HasSubstr("ampex_secret")));

  const Configuration again = Load(File(text));
  EXPECT_THAT(again.problems, IsEmpty());
  for (const EffectiveValue& value : configuration.values) {
    if (value.name == "config") continue;
    EXPECT_EQ(ValueOf(again, value.name).texts, value.texts) << value.name;
  }
}

TEST(Help, NamesEveryFlagWithItsVariableAndDefault) {
  const std::string help = HelpText();
  for (const Setting& setting : SettingTable()) {
    if (setting.is_secret()) {
      EXPECT_THAT(help, Not(HasSubstr(absl::StrCat("--", setting.name))));
      continue;
    }
    EXPECT_THAT(help, HasSubstr(absl::StrCat("\n  --", setting.name))) << setting.name;
    if (setting.kind != Setting::Kind::kSwitch && !setting.default_text.empty()) {
      EXPECT_THAT(help, HasSubstr(absl::StrCat("(", setting.default_text, ")"))) << setting.name;
    }
    if ((setting.places & Setting::kEnvironment) != 0) {
      EXPECT_THAT(help, HasSubstr(absl::StrCat("[", setting.EnvironmentName(), "]")));
    }
  }
}

TEST(Help, FitsATerminal) {
  std::istringstream lines(HelpText());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 92u) << line;
}

}  // namespace
}  // namespace mutexd::app
