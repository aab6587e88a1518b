// The gateway's reads as an engineer would write them with grpc-go and net/http in an afternoon: a peer
// for scripts/bench. The port goes to stdout.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	pb "github.com/mutexgroups/mutexd/tests/bench/peers/grpc_go/mutexgroupsv1"
	"google.golang.org/grpc"
)

func main() {
	url := flag.String("amplitude-url", "https://experiment.amplitude.com", "Amplitude's address")
	caFile := flag.String("amplitude-ca-file", "", "authorities to trust instead of the system's")
	listen := flag.String("listen", "127.0.0.1:0", "where to serve")
	flag.Parse()

	client, err := newHTTPClient(*caFile)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterMutexGroupServiceServer(server, &service{
		amplitude: &amplitude{
			client: client,
			url:    *url,
			key:    os.Getenv("AMPLITUDE_MANAGEMENT_KEY"),
		},
	})
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(server.Serve(listener))
}

func newHTTPClient(caFile string) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = true
	transport.DisableCompression = true
	transport.MaxIdleConnsPerHost = 100
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificates in %s", caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}, nil
}
