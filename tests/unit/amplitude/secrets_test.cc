#include "service/amplitude/secrets.h"

#include <gtest/gtest.h>

namespace mutexd::amplitude {
namespace {

struct Row {
  const char* text;
  const char* clean;
};

TEST(RemoveSecrets, TakesOutWhatLooksLikeAKey) {
  const Row rows[] = {
      {"invalid key ampex_abc", "invalid key [redacted]"},
      {"key=AMPEX_abc-1.2!", "key=[redacted]!"},
      {"x/ampex_a", "x/[redacted]"},
      {"Bearer abc is bad", "Bearer [redacted] is bad"},
      {"bearer:  'abc'", "bearer:  '[redacted]'"},
      {"Authorization: Bearer abc, next", "Authorization: Bearer [redacted], next"},
      {"authorization = Basic dXNlcjpw", "authorization = Basic [redacted]"},
      {"Authorization: abc", "Authorization: [redacted]"},
      {"{\"Authorization\":\"Bearer abc\"}", "{\"Authorization\":\"Bearer [redacted]\"}"},
      {"?api_key=abc&x=1", "?api_key=[redacted]&x=1"},
      {"X-Api-Key: abc", "X-Api-Key: [redacted]"},
      {"x-amplitude-management-key: abc", "x-amplitude-management-key: [redacted]"},
      {"password=hunter2 token:t0", "password=[redacted] token:[redacted]"},
      {"hash 0123456789abcdef0123456789abcdef!", "hash [redacted]!"},
      {"id 123e4567-e89b-12d3-a456-426614174000", "id [redacted]"},
      {"b64 dGhpcyBpcyBhIHNlY3JldCBrZXkgMTIz==", "b64 [redacted]=="},
      {"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc", "jwt [redacted]"},
      {"url64 aB3_dE6-gH9_jK2-mN5_pQ8-", "url64 [redacted]"},
  };
  for (const Row& row : rows) EXPECT_EQ(RemoveSecrets(row.text, ""), row.clean);
}

TEST(RemoveSecrets, LeavesOrdinarySentencesAlone) {
  for (const char* text : {
           "slots must sum to 100",
           "The key 'checkout-2024' is already in use",
           "key 'new-checkout-0123456789' already exists",
           "mutex group 1180591620 not found in project 5678",
           "see https://experiment.amplitude.com/api/1/mutexes/1234/slots/2 for details",
           "internationalization of experimentation is a long word",
           "a-long-but-harmless-slug-of-an-experiment",
           "bucketingKey: amplitude_id",
           "502 Bad Gateway nginx/1.22.1",
           "",
       }) {
    EXPECT_EQ(RemoveSecrets(text, "some-key"), text);
  }
}

TEST(RemoveSecrets, TakesOutTheKeyInUseWhereverItStands) {
  EXPECT_EQ(RemoveSecrets("xhunter2y and hunter2", "hunter2"), "x[redacted]y and [redacted]");
  EXPECT_EQ(RemoveSecrets("Bearer hunter2", "hunter2"), "Bearer [redacted]");
  EXPECT_EQ(RemoveSecrets("key my secret! is bad", "my secret!"), "key [redacted] is bad");
}

TEST(RemoveSecrets, DoesNotShredTextsForAKeyOfALetter) {
  EXPECT_EQ(RemoveSecrets("a banana", "a"), "a banana");
}

}  // namespace
}  // namespace mutexd::amplitude
