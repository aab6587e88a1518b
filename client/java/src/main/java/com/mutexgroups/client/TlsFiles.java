package com.mutexgroups.client;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;

/** Reads the files of the options into credentials, and tells which of them is wrong, and how. */
final class TlsFiles {
  private static final String CA = "tlsCaFile (MUTEXGROUPS_TLS_CA_FILE)";
  private static final String CERTIFICATE = "tlsCertFile (MUTEXGROUPS_TLS_CERT_FILE)";
  private static final String KEY = "tlsKeyFile (MUTEXGROUPS_TLS_KEY_FILE)";

  private TlsFiles() {}

  static ChannelCredentials credentials(ClientOptions options) {
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (options.tlsCaFile().isPresent()) {
        credentials.trustManager(stream(certificates(CA, options.tlsCaFile().get())));
      }
      if (options.tlsCertFile().isPresent()) {
        Path certificateFile = options.tlsCertFile().get();
        Path keyFile = options.tlsKeyFile().orElseThrow();
        byte[] certificate = certificates(CERTIFICATE, certificateFile);
        byte[] key = key(keyFile);
        if (!KeyPairs.belongTogether(certificate, key)) {
          throw new IllegalArgumentException(
              KEY
                  + ": "
                  + keyFile
                  + " is not the key of the first certificate in "
                  + certificateFile
                  + " of "
                  + CERTIFICATE
                  + "; give the two that were made together");
        }
        credentials.keyManager(stream(certificate), stream(key));
      }
    } catch (IOException error) {
      throw new IllegalStateException("cannot read from memory", error);
    }
    return credentials.build();
  }

  private static ByteArrayInputStream stream(byte[] content) {
    return new ByteArrayInputStream(content);
  }

  private static byte[] certificates(String option, Path file) {
    byte[] content = read(option, file);
    try {
      if (CertificateFactory.getInstance("X.509").generateCertificates(stream(content)).isEmpty()) {
        throw new CertificateException("the file has none");
      }
    } catch (CertificateException error) {
      throw new IllegalArgumentException(
          option + ": " + file + " has no certificates in PEM form: " + error.getMessage(), error);
    }
    return content;
  }

  private static byte[] key(Path file) {
    byte[] content = read(KEY, file);
    String text = new String(content, StandardCharsets.ISO_8859_1);
    if (text.contains("-----BEGIN PRIVATE KEY-----")) {
      return content;
    }
    String what = KEY + ": " + file + " has no private key in PEM form";
    if (text.matches("(?s).*-----BEGIN [A-Z]+ PRIVATE KEY-----.*")) {
      what =
          KEY
              + ": the key in "
              + file
              + " is encrypted, or not in PKCS #8 form; convert it with"
              + " openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW";
    }
    throw new IllegalArgumentException(what);
  }

  private static byte[] read(String option, Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException error) {
      throw new IllegalArgumentException(
          option + ": there is no file " + file + "; give the path of a PEM file", error);
    } catch (IOException error) {
      throw new IllegalArgumentException(
          option + ": cannot read " + file + ": " + error + "; give the path of a PEM file", error);
    }
  }
}
