#include "service/amplitude/secrets.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace mutexd::amplitude {
namespace {

// A key this short would be found in ordinary words.
constexpr std::size_t kMinKeySize = 4;

constexpr absl::string_view kManagementKeyPrefix = "ampex_";

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("-_.~+/", absl::string_view(&c, 1));
}

// Whether a value that follows `word` and a colon or equals sign is a secret.
bool NamesASecret(absl::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (absl::ascii_isalnum(c)) letters.push_back(absl::ascii_tolower(c));
  }
  for (const char* name : {"authorization", "apikey", "accesskey", "managementkey", "privatekey",
                           "token", "secret", "password", "credential", "credentials"}) {
    if (absl::EndsWith(letters, name)) return true;
  }
  return false;
}

bool NamesAScheme(absl::string_view word) {
  return absl::EqualsIgnoreCase(word, "bearer") || absl::EqualsIgnoreCase(word, "basic") ||
         absl::EqualsIgnoreCase(word, "digest") || absl::EqualsIgnoreCase(word, "token");
}

struct Characters {
  bool digit = false;
  bool upper = false;
  bool lower = false;
  bool only_hex_and_dashes = true;
  std::size_t longest_run = 0;            // of letters and digits
  std::size_t longest_run_with_both = 0;  // of those, the ones that have letters and digits
};

Characters Count(absl::string_view word) {
  Characters found;
  std::size_t run = 0;
  bool run_has_digit = false;
  bool run_has_letter = false;
  for (const char c : word) {
    found.digit |= absl::ascii_isdigit(c);
    found.upper |= absl::ascii_isupper(c);
    found.lower |= absl::ascii_islower(c);
    found.only_hex_and_dashes &= absl::ascii_isxdigit(c) || c == '-';
    if (absl::ascii_isalnum(c)) {
      ++run;
      run_has_digit |= absl::ascii_isdigit(c);
      run_has_letter |= absl::ascii_isalpha(c);
    } else {
      run = 0;
      run_has_digit = run_has_letter = false;
    }
    found.longest_run = std::max(found.longest_run, run);
    if (run_has_digit && run_has_letter) {
      found.longest_run_with_both = std::max(found.longest_run_with_both, run);
    }
  }
  return found;
}

bool LooksLikeAKey(absl::string_view word) {
  if (word.size() < 20) return false;
  const Characters found = Count(word);
  if (found.longest_run_with_both >= 20 || found.longest_run >= 32) return true;
  if (word.size() >= 32 && found.only_hex_and_dashes) return true;
  const bool one_token = word.find_first_of("/.") == absl::string_view::npos;
  return word.size() >= 24 && one_token && found.digit && found.upper && found.lower;
}

// Where a management key begins in `word`, or npos.
std::size_t FindManagementKey(absl::string_view word) {
  return absl::AsciiStrToLower(word).find(std::string(kManagementKeyPrefix));
}

class Redactor {
 public:
  std::string Redact(absl::string_view text) {
    while (!text.empty()) {
      std::size_t size = 0;
      const bool is_word = IsWordCharacter(text[0]);
      while (size < text.size() && IsWordCharacter(text[size]) == is_word) ++size;
      if (is_word) {
        Word(text.substr(0, size));
      } else {
        Between(text.substr(0, size));
      }
      text.remove_prefix(size);
    }
    return std::move(out_);
  }

 private:
  void Word(absl::string_view word) {
    // What was replaced before must not be wrapped once more.
    const bool announced = next_is_secret_ && !absl::StrContains(kRedacted, word);
    next_is_secret_ = false;
    previous_ = {};
    if (announced && NamesAScheme(word)) {
      absl::StrAppend(&out_, word);
      next_is_secret_ = true;
    } else if (announced || LooksLikeAKey(word)) {
      absl::StrAppend(&out_, kRedacted);
    } else if (const std::size_t key = FindManagementKey(word); key != std::string::npos) {
      absl::StrAppend(&out_, word.substr(0, key), kRedacted);
    } else {
      absl::StrAppend(&out_, word);
      next_is_secret_ = absl::EqualsIgnoreCase(word, "bearer");
      previous_ = word;
    }
  }

  void Between(absl::string_view separator) {
    absl::StrAppend(&out_, separator);
    const bool assigns = separator.find_first_of(":=") != absl::string_view::npos;
    if (assigns && NamesASecret(previous_)) next_is_secret_ = true;
  }

  std::string out_;
  absl::string_view previous_;
  bool next_is_secret_ = false;
};

}  // namespace

std::string RemoveSecrets(absl::string_view text, absl::string_view key_in_use) {
  std::string without_key(text);
  if (key_in_use.size() >= kMinKeySize) {
    without_key = absl::StrReplaceAll(text, {{key_in_use, kRedacted}});
  }
  return Redactor().Redact(without_key);
}

}  // namespace mutexd::amplitude
