#include "tests/contract/golden_file.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace mutexd::contract {
namespace {

std::filesystem::path Folder(const std::string& folder) {
  return std::filesystem::path(MUTEXD_GOLDEN_DIR) / folder;
}

}  // namespace

std::vector<std::string> GoldenNames(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Folder(folder))) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  EXPECT_FALSE(names.empty()) << "no golden files in " << Folder(folder);
  return names;
}

std::optional<std::string> ReadGolden(const std::string& folder, const std::string& file) {
  std::ifstream stream(Folder(folder) / file, std::ios::binary);
  if (!stream) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

void ParseTextProto(const std::string& text, google::protobuf::Message& message) {
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
}

std::string Difference(const google::protobuf::Message& expected,
                       const google::protobuf::Message& actual) {
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  return differencer.Compare(expected, actual) ? "" : report;
}

std::string WrongKindsLine(const amplitude::WrongKinds& wrong_kinds) {
  if (wrong_kinds.empty()) return "";
  std::string line = "# wrong kinds:";
  for (const auto& [field, times] : wrong_kinds) absl::StrAppend(&line, " ", field, "=", times);
  return line + "\n";
}

}  // namespace mutexd::contract
