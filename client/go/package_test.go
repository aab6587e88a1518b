package mutexgroups

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheServiceConfigIsThePublishedOne(t *testing.T) {
	path := "../../proto/mutexgroups/v1/service_config.json"
	if _, err := os.Stat(path); err != nil {
		t.Skip("the module is not in its repository")
	}
	if read(t, path) != publishedServiceConfig {
		t.Fatal("it differs; run scripts/generate go")
	}
}

func TestTheChannelsServiceConfigDiffersInItsTimeoutsOnly(t *testing.T) {
	text, err := serviceConfig("dns:///mutexd.example:50051")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "timeout") || !strings.Contains(text, "retryThrottling") {
		t.Fatal(text)
	}
}

func TestOnlyTheAddressesOfANameAreBalancedOver(t *testing.T) {
	for server, expected := range map[string]bool{
		"dns:///mutexd.example:50051":             true,
		"dns://127.0.0.1:53/mutexd.example:50051": true,
		"mutexd.example:50051":                    false,
		"unix:/run/mutexd.sock":                   false,
	} {
		text, err := serviceConfig(server)
		if err != nil || strings.Contains(text, "round_robin") != expected {
			t.Errorf("%s: %s, %v", server, text, err)
		}
	}
}

func TestTheReadmesQuickStartIsTheExample(t *testing.T) {
	if !strings.Contains(read(t, "README.md"), "```go\n"+read(t, "examples/quickstart.go")+"```\n") {
		t.Fatal("README.md does not have examples/quickstart.go as it is")
	}
}

func TestTheQuickStartRunsAgainstASandbox(t *testing.T) {
	folder := os.Getenv("MUTEXD_BIN_DIR")
	if folder == "" {
		t.Skip("MUTEXD_BIN_DIR does not say where mutexd is")
	}
	address := startSandbox(t, filepath.Join(folder, "mutexd"))
	command := exec.Command("go", "run", "./examples")
	command.Env = append(os.Environ(), "MUTEXGROUPS_SERVER="+address)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	_, shown, _ := strings.Cut(read(t, "README.md"), "```text\n")
	shown, _, _ = strings.Cut(shown, "...\n```")
	if shown == "" || !strings.HasPrefix(string(output), shown) {
		t.Errorf("%s does not begin with what README.md shows: %s", output, shown)
	}
}

// startSandbox returns the address of a mutexd that lasts as long as the test.
func startSandbox(t *testing.T, program string) string {
	t.Helper()
	command := exec.Command(program,
		"--sandbox", "--listen", "127.0.0.1:0", "--management", "off", "--log-format", "json")
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var entry struct{ Msg, Listener, Address string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "listening" && entry.Listener == "grpc" {
			go func() {
				for lines.Scan() { // so that the pipe never fills up
				}
			}()
			return entry.Address
		}
	}
	t.Fatal("mutexd ended before it listened")
	return ""
}
