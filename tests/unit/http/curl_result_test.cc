#include "service/http/curl_result.h"

#include <gtest/gtest.h>

namespace mutexd::http {
namespace {

struct KindRow {
  CURLcode code;
  bool sent;
  HttpFailureKind kind;
};

TEST(FailureKind, FollowsTheTable) {
  using Kind = HttpFailureKind;
  const KindRow rows[] = {
      {CURLE_ABORTED_BY_CALLBACK, true, Kind::kCancelled},
      {CURLE_OPERATION_TIMEDOUT, false, Kind::kTimeout},
      {CURLE_OPERATION_TIMEDOUT, true, Kind::kTimeout},
      {CURLE_COULDNT_RESOLVE_HOST, false, Kind::kResolve},
      {CURLE_COULDNT_RESOLVE_PROXY, false, Kind::kResolve},
      {CURLE_COULDNT_CONNECT, false, Kind::kConnect},
      {CURLE_INTERFACE_FAILED, false, Kind::kConnect},
      {CURLE_NO_CONNECTION_AVAILABLE, false, Kind::kConnect},
      {CURLE_PROXY, false, Kind::kConnect},
      {CURLE_SSL_CONNECT_ERROR, false, Kind::kTls},
      {CURLE_SSL_ENGINE_NOTFOUND, false, Kind::kTls},
      {CURLE_SSL_ENGINE_SETFAILED, false, Kind::kTls},
      {CURLE_SSL_ENGINE_INITFAILED, false, Kind::kTls},
      {CURLE_SSL_CERTPROBLEM, false, Kind::kTls},
      {CURLE_SSL_CIPHER, false, Kind::kTls},
      {CURLE_PEER_FAILED_VERIFICATION, false, Kind::kTls},
      {CURLE_USE_SSL_FAILED, false, Kind::kTls},
      {CURLE_SSL_CACERT_BADFILE, false, Kind::kTls},
      {CURLE_SSL_SHUTDOWN_FAILED, true, Kind::kTls},
      {CURLE_SSL_CRL_BADFILE, false, Kind::kTls},
      {CURLE_SSL_ISSUER_ERROR, false, Kind::kTls},
      {CURLE_SSL_PINNEDPUBKEYNOTMATCH, false, Kind::kTls},
      {CURLE_SSL_INVALIDCERTSTATUS, false, Kind::kTls},
      {CURLE_SSL_CLIENTCERT, true, Kind::kTls},
      {CURLE_WEIRD_SERVER_REPLY, true, Kind::kProtocol},
      {CURLE_HTTP2, true, Kind::kProtocol},
      {CURLE_HTTP3, true, Kind::kProtocol},
      {CURLE_WRITE_ERROR, true, Kind::kProtocol},
      {CURLE_BAD_CONTENT_ENCODING, true, Kind::kProtocol},
      {CURLE_FILESIZE_EXCEEDED, true, Kind::kProtocol},
      {CURLE_TOO_MANY_REDIRECTS, true, Kind::kProtocol},
      {CURLE_UNSUPPORTED_PROTOCOL, true, Kind::kProtocol},
      {CURLE_UNSUPPORTED_PROTOCOL, false, Kind::kRequest},
      {CURLE_OUT_OF_MEMORY, true, Kind::kProtocol},
      {CURLE_OUT_OF_MEMORY, false, Kind::kRequest},
      {CURLE_RECV_ERROR, true, Kind::kConnectionLost},
      {CURLE_RECV_ERROR, false, Kind::kConnect},
      {CURLE_SEND_ERROR, true, Kind::kConnectionLost},
      {CURLE_GOT_NOTHING, true, Kind::kConnectionLost},
      {CURLE_PARTIAL_FILE, true, Kind::kConnectionLost},
      {CURLE_HTTP2_STREAM, true, Kind::kConnectionLost},
      {CURLE_SEND_FAIL_REWIND, true, Kind::kConnectionLost},
      {CURLE_UPLOAD_FAILED, true, Kind::kConnectionLost},
      {CURLE_URL_MALFORMAT, false, Kind::kRequest},
      {CURLE_FAILED_INIT, false, Kind::kRequest},
      {CURLE_NOT_BUILT_IN, false, Kind::kRequest},
      {CURLE_FUNCTION_NOT_FOUND, false, Kind::kRequest},
      {CURLE_BAD_FUNCTION_ARGUMENT, false, Kind::kRequest},
      {CURLE_UNKNOWN_OPTION, false, Kind::kRequest},
      {CURLE_SETOPT_OPTION_SYNTAX, false, Kind::kRequest},
      {CURLE_READ_ERROR, true, Kind::kRequest},
      {CURLE_LOGIN_DENIED, false, Kind::kRequest},
      {CURLE_AUTH_ERROR, false, Kind::kRequest},
      {CURLE_RECURSIVE_API_CALL, false, Kind::kRequest},
      {CURLE_UNRECOVERABLE_POLL, false, Kind::kRequest},
      {CURLE_FTP_ACCEPT_FAILED, true, Kind::kConnectionLost},
  };
  for (const KindRow& row : rows) {
    EXPECT_EQ(FailureKind(row.code, row.sent, ""), row.kind)
        << curl_easy_strerror(row.code) << (row.sent ? ", sent: " : ", not sent: ")
        << HttpFailureKindName(FailureKind(row.code, row.sent, ""));
  }
}

TEST(FailureKind, TellsBrokenChunksFromALostConnection) {
  EXPECT_EQ(FailureKind(CURLE_RECV_ERROR, true,
                        "Illegal or missing hexadecimal sequence in chunked-encoding"),
            HttpFailureKind::kProtocol);
}

TEST(RequestMayBeSent, IsFalseOnlyBeforeLibcurlHandedTheRequestOver) {
  EXPECT_FALSE(RequestMayBeSent(CURLE_COULDNT_CONNECT, 0));
  EXPECT_FALSE(RequestMayBeSent(CURLE_OPERATION_TIMEDOUT, 0));
  EXPECT_FALSE(RequestMayBeSent(CURLE_PEER_FAILED_VERIFICATION, 0));
  EXPECT_TRUE(RequestMayBeSent(CURLE_OPERATION_TIMEDOUT, 1));
  EXPECT_TRUE(RequestMayBeSent(CURLE_GOT_NOTHING, 1));
}

TEST(RequestMayBeSent, IsTrueWhereSendingItselfFailed) {
  EXPECT_TRUE(RequestMayBeSent(CURLE_SEND_ERROR, 0));
  EXPECT_TRUE(RequestMayBeSent(CURLE_HTTP2, 0));
  EXPECT_TRUE(RequestMayBeSent(CURLE_HTTP2_STREAM, 0));
}

TEST(FailureMessage, JoinsLibcurlsWordsAndTheDetail) {
  EXPECT_EQ(FailureMessage(CURLE_GOT_NOTHING, ""), "Server returned nothing (no headers, no data)");
  EXPECT_EQ(FailureMessage(CURLE_GOT_NOTHING, "Empty reply from server"),
            "Server returned nothing (no headers, no data): Empty reply from server");
}

TEST(FailureMessage, IsOneLine) {
  EXPECT_EQ(FailureMessage(CURLE_GOT_NOTHING, "a\r\nb\tc"),
            "Server returned nothing (no headers, no data): a  b c");
}

TEST(FailureMessage, HidesThePasswordOfAProxy) {
  const std::string message = FailureMessage(
      CURLE_COULDNT_CONNECT, "Unsupported proxy scheme for 'gopher://me:secret@proxy:1'");
  EXPECT_EQ(message, "Couldn't connect to server");
}

}  // namespace
}  // namespace mutexd::http
