// Makes the conformance suite's calls with the Go client: a line of JSON in, a line out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"log"
	"os"

	mutexgroups "github.com/mutexgroups/mutexd/client/go"
)

// A question is a line of the suite.
type question struct {
	CloseClients  bool `json:"close_clients"`
	Connect       json.RawMessage
	Call          string
	Request       json.RawMessage
	TimeoutMS     int64  `json:"timeout_ms"`
	CorrelationID string `json:"correlation_id"`
}

// An answer is a line to the suite.
type answer struct {
	Response any  `json:"response,omitempty"`
	Before   *int `json:"mutex_groups_before,omitempty"`
	Error    any  `json:"error,omitempty"`
}

func main() {
	clients := map[string]*mutexgroups.Client{}
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			break
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			log.Fatal(err)
		}
		if err := output.Encode(answerTo(clients, asked)); err != nil {
			log.Fatal(err)
		}
	}
	closeAll(clients)
}

func closeAll(clients map[string]*mutexgroups.Client) {
	for _, client := range clients {
		if err := client.Close(); err != nil {
			log.Fatal(err)
		}
	}
	clear(clients)
}

func answerTo(clients map[string]*mutexgroups.Client, asked question) answer {
	if asked.CloseClients {
		closeAll(clients)
		return answer{}
	}
	client, ok := clients[string(asked.Connect)]
	if !ok {
		var err error
		if client, err = connect(asked.Connect); err != nil {
			return failed(err)
		}
		clients[string(asked.Connect)] = client
	}
	result, err := call(client, asked)
	if err != nil {
		return failed(err)
	}
	return result
}

func failed(err error) answer {
	var option *mutexgroups.OptionError
	if errors.As(err, &option) {
		return answer{Error: map[string]string{"code": "INVALID_OPTION", "message": err.Error()}}
	}
	var failure *mutexgroups.Error
	if errors.As(err, &failure) {
		return answer{Error: errorJSON(failure)}
	}
	log.Fatalf("an error of another type: %v", err)
	return answer{}
}
