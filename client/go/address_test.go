package mutexgroups

import (
	"strings"
	"testing"
)

func TestAddressesThatCanBeDialled(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1:50051", "[::1]:50051", "localhost:1", "gateway.example.com:65535", "unix:/run/mutexd.sock",
		"dns:///gateway:50051", "ipv4:127.0.0.1:50051", "ipv6:[::1]:50051", "unix-abstract:mutexd",
	} {
		if problem := addressProblem(address); problem != "" {
			t.Errorf("%s: %s", address, problem)
		}
	}
}

func TestAddressesThatCannot(t *testing.T) {
	for address, want := range map[string]string{
		"":                     "empty",
		"unix:":                "path is missing",
		"http://gateway:50051": "URL",
		"unix:///":             "",
		"gateway":              "port is missing",
		"[::1]":                "port is missing",
		"gateway:http":         "not a number",
		"gateway:0":            "not a number",
		"gateway:65536":        "not a number",
		":50051":               "host is missing",
		"::1:50051":            "brackets",
	} {
		if problem := addressProblem(address); !strings.Contains(problem, want) {
			t.Errorf("%q: %q does not say %q", address, problem, want)
		}
	}
}

func TestOnlyTheLoopbackAndUnixSocketsAreLocal(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:50051":          true,
		"127.8.9.10:50051":         true,
		"localhost:50051":          true,
		"[::1]:50051":              true,
		"unix:/run/mutexd.sock":    true,
		"unix-abstract:mutexd":     true,
		"dns:///localhost:50051":   true,
		"dns:localhost:50051":      true,
		"ipv4:127.0.0.1:50051":     true,
		"ipv6:[::1]:50051":         true,
		"127.evil.example:50051":   false,
		"gateway:50051":            false,
		"dns:///gateway:50051":     false,
		"dns://127.0.0.1/gw:50051": false,
		"unix.example.com:50051":   false,
		"10.0.0.1:50051":           false,
	} {
		if isLocal(address) != want {
			t.Errorf("isLocal(%q) is not %v", address, want)
		}
	}
}
