#include "service/amplitude/html_text.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace mutexd::amplitude {
namespace {

// Removes `text` up to and with `end`, all of it where `end` does not come.
void SkipPast(absl::string_view& text, absl::string_view end) {
  const std::size_t found = text.find(end);
  text.remove_prefix(found == absl::string_view::npos ? text.size() : found + end.size());
}

// The lower-case name of the tag at the start of `text`, with the slash of an end tag.
std::string TagName(absl::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (absl::ascii_isalnum(text[size]) || text[size] == '/')) ++size;
  return absl::AsciiStrToLower(text.substr(1, size - 1));
}

std::string ReplaceEntities(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&lt;", "<"},
                                    {"&gt;", ">"},
                                    {"&quot;", "\""},
                                    {"&#39;", "'"},
                                    {"&apos;", "'"},
                                    {"&nbsp;", " "},
                                    {"&amp;", "&"}});
}

}  // namespace

bool LooksLikeHtml(absl::string_view body) { return absl::StartsWith(body, "<"); }

std::string TextOfHtml(absl::string_view page) {
  std::string all;
  std::string title;
  bool in_title = false;
  while (!page.empty()) {
    const std::string tag = page[0] == '<' ? TagName(page) : "";
    if (absl::StartsWith(page, "<!--")) {
      SkipPast(page, "-->");
    } else if (tag == "script" || tag == "style") {
      SkipPast(page, absl::StrCat("</", tag));
      SkipPast(page, ">");
    } else if (page[0] == '<') {
      in_title = tag == "title";
      SkipPast(page, ">");
      all.push_back(' ');
    } else {
      const absl::string_view text = page.substr(0, page.find('<'));
      absl::StrAppend(in_title ? &title : &all, text);
      page.remove_prefix(text.size());
    }
  }
  return ReplaceEntities(absl::StripAsciiWhitespace(title).empty() ? all : title);
}

}  // namespace mutexd::amplitude
