package mutexgroups

import (
	"net"
	"strconv"
	"strings"
)

// DefaultServer is where mutexd listens when nobody says otherwise.
const DefaultServer = "127.0.0.1:50051"

const addressForms = "write host:port such as 127.0.0.1:50051, [::1]:50051, or unix:/run/mutexd.sock"

// addressProblem says why an address cannot be dialled; "" where it can.
func addressProblem(address string) string {
	if address == "" {
		return "it is empty"
	}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return "the path is missing"
		}
		return ""
	}
	if strings.Contains(address, "://") && !strings.HasPrefix(address, "dns://") {
		return "it is a URL"
	}
	if hasScheme(address) {
		return ""
	}
	colon := strings.LastIndexByte(address, ':')
	if colon < 0 || strings.HasSuffix(address, "]") {
		return "the port is missing"
	}
	if port, err := strconv.Atoi(address[colon+1:]); err != nil || port < 1 || port > 65535 {
		return "the port is not a number from 1 to 65535"
	}
	host := address[:colon]
	if host == "" {
		return "the host is missing"
	}
	bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
	if !bracketed && strings.Contains(host, ":") {
		return "an IPv6 address needs brackets"
	}
	return ""
}

// Schemes of gRPC that are no paths of sockets.
var schemes = []string{"dns:", "ipv4:", "ipv6:", "unix-abstract:"}

func hasScheme(address string) bool {
	for _, scheme := range schemes {
		if strings.HasPrefix(address, scheme) {
			return true
		}
	}
	return false
}

// target is the address as gRPC for Go takes it: it has no resolvers for ipv4: and ipv6:, which are
// addresses that need no resolving.
func target(address string) string {
	for _, scheme := range []string{"ipv4:", "ipv6:"} {
		if literal, ok := strings.CutPrefix(address, scheme); ok {
			return "passthrough:///" + literal
		}
	}
	return address
}

// isLocal says whether what is sent to the address stays on this machine.
func isLocal(address string) bool {
	if strings.HasPrefix(address, "unix:") || strings.HasPrefix(address, "unix-abstract:") {
		return true
	}
	for _, scheme := range []string{"dns:///", "dns:", "ipv4:", "ipv6:"} {
		if rest, ok := strings.CutPrefix(address, scheme); ok {
			address = rest
			break
		}
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
