package com.mutexgroups.client;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Map;

/**
 * Tells whether a certificate and a key are a pair. TLS would only find out in a handshake, and call
 * the service unavailable.
 */
final class KeyPairs {
  private static final Map<String, String> SIGNATURES =
      Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA");

  private KeyPairs() {}

  /** Both in PEM form. Pairs of kinds that are not known here are left to TLS. */
  static boolean belongTogether(byte[] certificate, byte[] key) {
    try {
      PublicKey publicKey =
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(certificate))
              .getPublicKey();
      String algorithm = SIGNATURES.get(publicKey.getAlgorithm());
      return algorithm == null || verifies(algorithm, publicKey, read(publicKey, key));
    } catch (NoSuchAlgorithmException unknown) {
      return true;
    } catch (GeneralSecurityException | IllegalArgumentException unreadable) {
      return false;
    }
  }

  private static PrivateKey read(PublicKey publicKey, byte[] pem) throws GeneralSecurityException {
    String text = new String(pem, StandardCharsets.ISO_8859_1);
    String encoded = text.replaceFirst("(?s).*-----BEGIN PRIVATE KEY-----(.*?)-----.*", "$1");
    byte[] der = Base64.getMimeDecoder().decode(encoded);
    return KeyFactory.getInstance(publicKey.getAlgorithm())
        .generatePrivate(new PKCS8EncodedKeySpec(der));
  }

  private static boolean verifies(String algorithm, PublicKey publicKey, PrivateKey privateKey)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(privateKey);
    signature.update((byte) 0);
    byte[] signed = signature.sign();
    signature.initVerify(publicKey);
    signature.update((byte) 0);
    return signature.verify(signed);
  }
}
