package com.mutexgroups.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class QuickstartTest {
  private static final Path EXAMPLE = Path.of("examples/Quickstart.java");

  @Test
  void isWhatTheReadmeShows() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String part = readme.substring(readme.indexOf("## Quick start"));
    assertEquals(Files.readString(EXAMPLE), block(part, "java"));
  }

  @Test
  void printsWhatTheReadmeShows() throws IOException, InterruptedException {
    Optional<Path> program = Sandbox.program();
    assumeTrue(program.isPresent(), "mutexd is not built; set MUTEXD_BIN_DIR");
    List<String> printed;
    try (Sandbox sandbox = new Sandbox(program.get())) {
      printed = run(sandbox.address());
    }
    String readme = Files.readString(Path.of("README.md"));
    List<String> shown = block(readme, "text").lines().collect(Collectors.toList());
    shown.remove("…");
    assertTrue(printed.containsAll(shown), printed.toString());
  }

  private static List<String> run(String address) throws IOException, InterruptedException {
    ProcessBuilder java =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            EXAMPLE.toString());
    java.environment().keySet().removeIf(name -> name.startsWith("MUTEXGROUPS_"));
    java.environment().put("MUTEXGROUPS_SERVER", address);
    Process process = java.redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.lines().collect(Collectors.toList());
  }

  /** The first code block of this kind. */
  private static String block(String text, String kind) {
    String mark = "```" + kind + "\n";
    int start = text.indexOf(mark) + mark.length();
    return text.substring(start, text.indexOf("```", start));
  }
}
