package com.mutexgroups.client;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where the service is and how to call it. Immutable.
 *
 * <pre>{@code
 * ClientOptions options =
 *     ClientOptions.fromEnvironment().server("groups.internal:443").tls(true).build();
 * }</pre>
 */
public final class ClientOptions {
  /** Where mutexd listens when nobody says otherwise. */
  public static final String DEFAULT_SERVER = "127.0.0.1:50051";

  /** How long a call may take unless options say otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  /** The largest answer that is accepted unless options say otherwise: 64 MiB. */
  public static final int DEFAULT_MAX_RECEIVE_BYTES = 64 << 20;

  private final String server;
  private final Address address;
  private final boolean tls;
  private final Path tlsCaFile;
  private final Path tlsCertFile;
  private final Path tlsKeyFile;
  private final String tlsServerName;
  private final Duration timeout;
  private final int maxReceiveBytes;
  private final String amplitudeKey;

  private ClientOptions(Builder builder) {
    server = builder.server;
    address = Address.parse(builder.server);
    tls = builder.wantsTls();
    tlsCaFile = builder.tlsCaFile;
    tlsCertFile = builder.tlsCertFile;
    tlsKeyFile = builder.tlsKeyFile;
    tlsServerName = builder.tlsServerName;
    timeout = builder.timeout;
    maxReceiveBytes = builder.maxReceiveBytes;
    amplitudeKey = builder.amplitudeKey;
    check();
  }

  private void check() {
    if ((tlsCertFile == null) != (tlsKeyFile == null)) {
      throw new IllegalArgumentException(
          "tlsCertFile (MUTEXGROUPS_TLS_CERT_FILE) and tlsKeyFile (MUTEXGROUPS_TLS_KEY_FILE):"
              + " one is given without the other; a client certificate takes both");
    }
    if (tlsServerName != null && !tls) {
      throw new IllegalArgumentException(
          "tlsServerName (MUTEXGROUPS_TLS_SERVER_NAME): \""
              + tlsServerName
              + "\" is of no use without TLS; set tls (MUTEXGROUPS_TLS=on), or leave it out");
    }
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException(
          "timeout: " + timeout + " is not over zero; give how long a call may take");
    }
    if (maxReceiveBytes <= 0) {
      throw new IllegalArgumentException(
          "maxReceiveBytes: " + maxReceiveBytes + " is not over zero; give a size in bytes");
    }
    if (amplitudeKey != null) {
      checkAmplitudeKey();
    }
  }

  // The messages must not show the key.
  private void checkAmplitudeKey() {
    if (amplitudeKey.isEmpty() || !Calls.isPlainText(amplitudeKey)) {
      throw new IllegalArgumentException(
          "amplitudeKey: it is empty or has spaces, line breaks or letters outside of ASCII;"
              + " give the management key as Amplitude shows it");
    }
    if (!tls && !address.isLocal()) {
      throw new IllegalArgumentException(
          "amplitudeKey: it would cross the network in plain text to "
              + server
              + "; set tls (MUTEXGROUPS_TLS=on), or use a unix socket or the loopback");
    }
  }

  /** The defaults, whatever the environment says. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The defaults, with what the environment sets in their place: {@code MUTEXGROUPS_SERVER}, {@code
   * MUTEXGROUPS_TLS} ({@code on} or {@code off}), {@code MUTEXGROUPS_TLS_CA_FILE}, {@code
   * MUTEXGROUPS_TLS_CERT_FILE}, {@code MUTEXGROUPS_TLS_KEY_FILE}, {@code
   * MUTEXGROUPS_TLS_SERVER_NAME}. An empty variable counts as none.
   *
   * @throws IllegalArgumentException if a variable cannot be read
   */
  public static Builder fromEnvironment() {
    return fromEnvironment(System.getenv());
  }

  /** As {@link #fromEnvironment()}, of other variables than the process's own. */
  public static Builder fromEnvironment(Map<String, String> environment) {
    return new Builder().readEnvironment(environment);
  }

  /** The address of the service, as it was given. */
  public String server() {
    return server;
  }

  /** Whether calls go over TLS. */
  public boolean tls() {
    return tls;
  }

  /** The roots to trust; those of the Java installation where there is none. */
  public Optional<Path> tlsCaFile() {
    return Optional.ofNullable(tlsCaFile);
  }

  /** The certificate that shows who this client is. */
  public Optional<Path> tlsCertFile() {
    return Optional.ofNullable(tlsCertFile);
  }

  /** The key of {@link #tlsCertFile()}. */
  public Optional<Path> tlsKeyFile() {
    return Optional.ofNullable(tlsKeyFile);
  }

  /** The name expected in the service's certificate; the address's host where there is none. */
  public Optional<String> tlsServerName() {
    return Optional.ofNullable(tlsServerName);
  }

  /** How long a call may take, its retries included. */
  public Duration timeout() {
    return timeout;
  }

  /** The largest answer that is accepted. */
  public int maxReceiveBytes() {
    return maxReceiveBytes;
  }

  Address address() {
    return address;
  }

  Optional<String> amplitudeKey() {
    return Optional.ofNullable(amplitudeKey);
  }

  /** A builder that has these options. */
  public Builder toBuilder() {
    return new Builder()
        .server(server)
        .tls(tls)
        .tlsCaFile(tlsCaFile)
        .tlsCertFile(tlsCertFile)
        .tlsKeyFile(tlsKeyFile)
        .tlsServerName(tlsServerName)
        .timeout(timeout)
        .maxReceiveBytes(maxReceiveBytes)
        .amplitudeKey(amplitudeKey);
  }

  /** The options without the Amplitude key: it only says whether there is one. */
  @Override
  public String toString() {
    return "ClientOptions{server="
        + server
        + ", tls="
        + tls
        + ", tlsCaFile="
        + tlsCaFile
        + ", tlsCertFile="
        + tlsCertFile
        + ", tlsKeyFile="
        + tlsKeyFile
        + ", tlsServerName="
        + tlsServerName
        + ", timeout="
        + timeout
        + ", maxReceiveBytes="
        + maxReceiveBytes
        + ", amplitudeKey="
        + (amplitudeKey == null ? "none" : "(hidden)")
        + "}";
  }

  /** Sets options; {@link #build()} checks them. Null sets an option back to having none. */
  public static final class Builder {
    private String server = DEFAULT_SERVER;
    private Boolean tls;
    private Path tlsCaFile;
    private Path tlsCertFile;
    private Path tlsKeyFile;
    private String tlsServerName;
    private Duration timeout = DEFAULT_TIMEOUT;
    private int maxReceiveBytes = DEFAULT_MAX_RECEIVE_BYTES;
    private String amplitudeKey;

    private Builder() {}

    private Builder readEnvironment(Map<String, String> environment) {
      Environment variables = new Environment(environment);
      server = variables.text("MUTEXGROUPS_SERVER").orElse(server);
      tls = variables.onOrOff("MUTEXGROUPS_TLS").orElse(null);
      tlsCaFile = variables.path("MUTEXGROUPS_TLS_CA_FILE").orElse(null);
      tlsCertFile = variables.path("MUTEXGROUPS_TLS_CERT_FILE").orElse(null);
      tlsKeyFile = variables.path("MUTEXGROUPS_TLS_KEY_FILE").orElse(null);
      tlsServerName = variables.text("MUTEXGROUPS_TLS_SERVER_NAME").orElse(null);
      return this;
    }

    private boolean wantsTls() {
      if (tls != null) {
        return tls;
      }
      return tlsCaFile != null || tlsCertFile != null || tlsKeyFile != null;
    }

    /**
     * Where the service is: {@code host:port}, {@code [::1]:50051}, {@code unix:/run/mutexd.sock}
     * (on Linux) or {@code dns:///host:port}.
     */
    public Builder server(String server) {
      this.server = server;
      return this;
    }

    /** Whether to use TLS; on by itself where any of the files is given. */
    public Builder tls(boolean tls) {
      this.tls = tls;
      return this;
    }

    /** A PEM file with the roots to trust, in place of those of the Java installation. */
    public Builder tlsCaFile(Path file) {
      tlsCaFile = file;
      return this;
    }

    /** A PEM file with the certificate that shows who this client is, and those that issued it. */
    public Builder tlsCertFile(Path file) {
      tlsCertFile = file;
      return this;
    }

    /** A PEM file with the certificate's key, in PKCS #8 form and not encrypted. */
    public Builder tlsKeyFile(Path file) {
      tlsKeyFile = file;
      return this;
    }

    /** The name expected in the service's certificate, where it is not the address's host. */
    public Builder tlsServerName(String name) {
      tlsServerName = name;
      return this;
    }

    /** How long a call may take, its retries included; over zero. Each page of a listing is one. */
    public Builder timeout(Duration timeout) {
      this.timeout = timeout;
      return this;
    }

    /** The largest answer to accept; the service cuts pages at 3.5 MiB unless told otherwise. */
    public Builder maxReceiveBytes(int bytes) {
      maxReceiveBytes = bytes;
      return this;
    }

    /**
     * The Amplitude management key to send with each call, for a service that runs with {@code
     * --credentials caller}. Only over TLS, to a unix socket or to the loopback.
     */
    public Builder amplitudeKey(String key) {
      amplitudeKey = key;
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if one cannot be; the message names it and the remedy
     */
    public ClientOptions build() {
      return new ClientOptions(this);
    }
  }

  /** Variables by their names; an empty one counts as none. */
  private static final class Environment {
    private final Map<String, String> variables;

    Environment(Map<String, String> variables) {
      this.variables = variables;
    }

    Optional<String> text(String name) {
      return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
    }

    Optional<Path> path(String name) {
      try {
        return text(name).map(Path::of);
      } catch (InvalidPathException error) {
        throw new IllegalArgumentException(name + ": not the path of a file", error);
      }
    }

    Optional<Boolean> onOrOff(String name) {
      Optional<String> value = text(name);
      if (value.isPresent() && !value.get().equals("on") && !value.get().equals("off")) {
        throw new IllegalArgumentException(
            name + ": expected on or off, found \"" + value.get() + "\"");
      }
      return value.map("on"::equals);
    }
  }
}
