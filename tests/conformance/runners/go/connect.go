package main

import (
	"encoding/json"
	"log"

	mutexgroups "github.com/mutexgroups/mutexd/client/go"
)

// connect makes a client as the suite says.
func connect(text json.RawMessage) (*mutexgroups.Client, error) {
	var how struct {
		Server string
		TLS    *struct {
			CAFile     string `json:"ca_file"`
			CertFile   string `json:"cert_file"`
			KeyFile    string `json:"key_file"`
			ServerName string `json:"server_name"`
		}
		AmplitudeKey *string `json:"amplitude_key"`
		Environment  map[string]string
	}
	if err := json.Unmarshal(text, &how); err != nil {
		log.Fatal(err)
	}
	if how.Environment != nil {
		getenv := func(name string) string { return how.Environment[name] }
		return mutexgroups.New(mutexgroups.WithEnvironment(getenv))
	}
	options := []mutexgroups.Option{mutexgroups.WithServer(how.Server)}
	if how.TLS != nil {
		options = append(options, mutexgroups.WithTLS(true))
		if how.TLS.CAFile != "" {
			options = append(options, mutexgroups.WithCAFile(how.TLS.CAFile))
		}
		if how.TLS.CertFile != "" || how.TLS.KeyFile != "" {
			options = append(options, mutexgroups.WithCertificate(how.TLS.CertFile, how.TLS.KeyFile))
		}
		if how.TLS.ServerName != "" {
			options = append(options, mutexgroups.WithServerName(how.TLS.ServerName))
		}
	}
	if how.AmplitudeKey != nil {
		options = append(options, mutexgroups.WithAmplitudeKey(*how.AmplitudeKey))
	}
	return mutexgroups.New(options...)
}
