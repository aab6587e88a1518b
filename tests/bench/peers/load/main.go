// Load of Gets that are all of different groups, for scripts/bench: h2load can only repeat one request,
// and equal requests may share work in a gateway. Works with any unary method whose request is an id,
// `string id = 1`, and whose answer has that id in its first field. The outcome goes to stdout as JSON.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	patience        = 20 * time.Second
	frameHeaderSize = 5
)

type load struct {
	method   string
	ids      ids
	requests int64
	started  atomic.Int64
}

type outcome struct {
	Requests   int     `json:"requests"`
	Errors     int     `json:"errors"`
	FirstError string  `json:"first_error"`
	Seconds    float64 `json:"seconds"`
	P50        float64 `json:"p50"`
	P99        float64 `json:"p99"`
	// Of the answers, with the five of each one's gRPC frame.
	Bytes int `json:"bytes"`
}

// What one stream's calls came to.
type tally struct {
	latencies []time.Duration
	errors    int
	first     error
	bytes     int
}

func main() {
	address := flag.String("address", "", "the gateway's")
	method := flag.String("method", "", "/package.Service/Method")
	first := flag.Uint64("first-id", 0, "the least id")
	count := flag.Uint64("ids", 100000, "how many ids take turns")
	numeric := flag.Bool("numeric", false, "the answer's id is a number, not a string")
	connections := flag.Int("connections", 4, "how many")
	streams := flag.Int("streams", 50, "concurrent calls of each connection")
	requests := flag.Int64("requests", 20000, "of all connections together")
	flag.Parse()
	if *count < uint64(*connections**streams)*2 {
		log.Fatal("too few ids for no two calls in flight to be equal")
	}
	// As h2load with one thread: the gateway keeps the other cores.
	runtime.GOMAXPROCS(1)

	clients := make([]*grpc.ClientConn, *connections)
	for i := range clients {
		clients[i] = connect(*address)
	}
	l := &load{method: *method, ids: ids{*first, *count, *numeric}, requests: *requests}
	tallies := make([]tally, *connections**streams)
	var running sync.WaitGroup
	begin := time.Now()
	for i := range tallies {
		running.Go(func() { l.run(clients[i%len(clients)], &tallies[i]) })
	}
	running.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(sum(tallies, time.Since(begin))); err != nil {
		log.Fatal(err)
	}
}

func connect(address string) *grpc.ClientConn {
	client, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawBytes{})))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client.Connect()
	for state := client.GetState(); state != connectivity.Ready; state = client.GetState() {
		if !client.WaitForStateChange(ctx, state) {
			log.Fatalf("cannot connect to %s", address)
		}
	}
	return client
}

// Calls one after the other, until all streams together have made all requests.
func (l *load) run(client *grpc.ClientConn, t *tally) {
	for {
		number := l.started.Add(1) - 1
		if number >= l.requests {
			return
		}
		begin := time.Now()
		size, err := l.call(client, l.ids.at(uint64(number)))
		t.latencies = append(t.latencies, time.Since(begin))
		if err != nil {
			t.errors++
			if t.first == nil {
				t.first = err
			}
			continue
		}
		t.bytes += size + frameHeaderSize
	}
}

func (l *load) call(client *grpc.ClientConn, id uint64) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request := l.ids.request(id)
	var answer []byte
	if err := client.Invoke(ctx, l.method, &request, &answer); err != nil {
		return 0, err
	}
	if !bytes.Contains(answer, l.ids.answered(id)) {
		return 0, fmt.Errorf("the answer to a Get of %d is of another group", id)
	}
	return len(answer), nil
}

func sum(tallies []tally, duration time.Duration) outcome {
	result := outcome{Seconds: duration.Seconds()}
	var latencies []time.Duration
	for _, t := range tallies {
		latencies = append(latencies, t.latencies...)
		result.Errors += t.errors
		result.Bytes += t.bytes
		if t.first != nil && result.FirstError == "" {
			result.FirstError = t.first.Error()
		}
	}
	result.Requests = len(latencies)
	slices.Sort(latencies)
	quantile := func(share float64) float64 {
		if len(latencies) == 0 {
			return 0
		}
		return latencies[min(len(latencies)-1, int(share*float64(len(latencies))))].Seconds()
	}
	result.P50, result.P99 = quantile(0.5), quantile(0.99)
	return result
}
