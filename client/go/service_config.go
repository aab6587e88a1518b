package mutexgroups

import (
	_ "embed"
	"encoding/json"
	"strings"
)

// The service config that mutexd publishes for its clients, unchanged: reads are retried on UNAVAILABLE
// and RESOURCE_EXHAUSTED, writes never. scripts/generate copies it from beside the proto files.
//
//go:embed service_config.json
var publishedServiceConfig string

// serviceConfig is the published config for a channel to the server. It is without its time-outs: gRPC takes
// the shorter of the config's and the call's, and would cut off a caller who asked for longer; every call of
// Client has a deadline. And it is without round robin unless the server is given as a name (dns:…): that
// connects again and again, ever more seldom, while a server is away, and fails calls between two attempts,
// where a channel of one address is idle and connects when it is called.
func serviceConfig(server string) (string, error) {
	var config map[string]any
	if err := json.Unmarshal([]byte(publishedServiceConfig), &config); err != nil {
		return "", err
	}
	if !strings.HasPrefix(server, "dns:") {
		delete(config, "loadBalancingConfig")
	}
	methods, _ := config["methodConfig"].([]any)
	for _, method := range methods {
		if fields, ok := method.(map[string]any); ok {
			delete(fields, "timeout")
		}
	}
	text, err := json.Marshal(config)
	return string(text), err
}
