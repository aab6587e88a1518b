package com.mutexgroups.client;

import java.util.regex.Pattern;

/** An address of the service as users write it, and what gRPC calls it. */
final class Address {
  private static final String FORMS =
      "write host:port such as 127.0.0.1:50051, [::1]:50051, or unix:/run/mutexd.sock";
  private static final Pattern LOOPBACK = Pattern.compile("127(\\.\\d{1,3}){3}");

  private final String target;
  private final boolean unix;
  private final boolean local;

  private Address(String target, boolean unix, boolean local) {
    this.target = target;
    this.unix = unix;
    this.local = local;
  }

  /**
   * Reads {@code host:port}, {@code [::1]:50051}, {@code unix:/run/mutexd.sock} or a name of gRPC
   * ({@code dns:///host:port}, {@code ipv4:…}, {@code ipv6:…}).
   *
   * @throws IllegalArgumentException if it is none of them; the message says what is wrong
   */
  static Address parse(String text) {
    if (text.isEmpty()) {
      throw problem(text, "it is empty");
    }
    if (text.startsWith("unix:")) {
      if (text.equals("unix:")) {
        throw problem(text, "the path is missing");
      }
      return new Address(text, true, true);
    }
    if (text.startsWith("dns:")) {
      return new Address(text, false, isLocalHost(host(text.substring(text.lastIndexOf('/') + 1))));
    }
    if (text.contains("://")) {
      throw problem(text, "it is a URL");
    }
    String hostAndPort = text.replaceFirst("^ipv[46]:", "");
    checkHostAndPort(text, hostAndPort);
    return new Address("dns:///" + hostAndPort, false, isLocalHost(host(hostAndPort)));
  }

  private static void checkHostAndPort(String text, String hostAndPort) {
    int colon = hostAndPort.lastIndexOf(':');
    if (colon < 0 || hostAndPort.endsWith("]")) {
      throw problem(text, "the port is missing");
    }
    String port = hostAndPort.substring(colon + 1);
    if (!port.matches("\\d{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535) {
      throw problem(text, "the port is not a number from 1 to 65535");
    }
    String host = hostAndPort.substring(0, colon);
    if (host.isEmpty()) {
      throw problem(text, "the host is missing");
    }
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (!bracketed && host.contains(":")) {
      throw problem(text, "an IPv6 address needs brackets");
    }
  }

  private static String host(String hostAndPort) {
    if (hostAndPort.startsWith("[")) {
      return hostAndPort.substring(1, Math.max(1, hostAndPort.indexOf(']')));
    }
    int colon = hostAndPort.lastIndexOf(':');
    return colon < 0 ? hostAndPort : hostAndPort.substring(0, colon);
  }

  private static boolean isLocalHost(String host) {
    return host.equals("localhost") || host.equals("::1") || LOOPBACK.matcher(host).matches();
  }

  private static IllegalArgumentException problem(String text, String what) {
    return new IllegalArgumentException(
        "server (MUTEXGROUPS_SERVER): \"" + text + "\" is not an address: " + what + "; " + FORMS);
  }

  /** The target for gRPC. */
  String target() {
    return target;
  }

  boolean isUnix() {
    return unix;
  }

  /** Whether calls stay on this machine. */
  boolean isLocal() {
    return local;
  }
}
