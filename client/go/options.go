package mutexgroups

import (
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
)

const (
	defaultTimeout = 30 * time.Second

	// The service cuts pages at 3.5 MiB unless its operator raised --max-reply-bytes.
	defaultMaxReceiveBytes = 64 << 20
)

// The environment variables that give the options that New is not given.
const (
	variableServer     = "MUTEXGROUPS_SERVER"
	variableTLS        = "MUTEXGROUPS_TLS"
	variableCAFile     = "MUTEXGROUPS_TLS_CA_FILE"
	variableCertFile   = "MUTEXGROUPS_TLS_CERT_FILE"
	variableKeyFile    = "MUTEXGROUPS_TLS_KEY_FILE"
	variableServerName = "MUTEXGROUPS_TLS_SERVER_NAME"
)

// An Option changes how New connects.
type Option func(*options)

// A setting and where it came from: the option, or the variable of the environment.
type setting struct {
	value  string
	origin string
}

func (s setting) given() bool { return s.origin != "" }

type options struct {
	server, tls, caFile, certFile, keyFile, serverName setting

	environment     func(name string) string
	timeout         time.Duration
	maxReceiveBytes int
	amplitudeKey    setting
	dialOptions     []grpc.DialOption
}

// WithServer says where the service is: host:port, [::1]:50051, unix:/run/mutexd.sock or
// dns:///host:port. Without it, MUTEXGROUPS_SERVER or [DefaultServer].
func WithServer(address string) Option {
	return func(o *options) { o.server = setting{address, "WithServer"} }
}

// WithTLS turns TLS on or off. Without it, MUTEXGROUPS_TLS (on or off), or on where any file is given.
func WithTLS(on bool) Option {
	value := "off"
	if on {
		value = "on"
	}
	return func(o *options) { o.tls = setting{value, "WithTLS"} }
}

// WithCAFile names a PEM file of the authorities to trust in place of the system's. Without it,
// MUTEXGROUPS_TLS_CA_FILE.
func WithCAFile(path string) Option {
	return func(o *options) { o.caFile = setting{path, "WithCAFile"} }
}

// WithCertificate names the PEM files of the certificate to show to the service, and of its key.
// Without it, MUTEXGROUPS_TLS_CERT_FILE and MUTEXGROUPS_TLS_KEY_FILE.
func WithCertificate(certFile, keyFile string) Option {
	return func(o *options) {
		o.certFile = setting{certFile, "WithCertificate"}
		o.keyFile = setting{keyFile, "WithCertificate"}
	}
}

// WithServerName is the name expected in the service's certificate. Without it,
// MUTEXGROUPS_TLS_SERVER_NAME or the host of the address.
func WithServerName(name string) Option {
	return func(o *options) { o.serverName = setting{name, "WithServerName"} }
}

// WithTimeout bounds each call, its retries included, whose context has no deadline; each page of a
// listing is a call. 30 seconds without it.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout = timeout }
}

// WithMaxReceiveBytes is the size of the largest message that is taken; 64 MiB without it.
func WithMaxReceiveBytes(size int) Option {
	return func(o *options) { o.maxReceiveBytes = size }
}

// WithAmplitudeKey sends the management key with each call, for a service that runs with
// --credentials caller. New refuses it where others could read it on the way: without TLS, it is
// sent by unix sockets and the loopback only.
func WithAmplitudeKey(key string) Option {
	return func(o *options) { o.amplitudeKey = setting{key, "WithAmplitudeKey"} }
}

// WithEnvironment reads the variables by the function in place of [os.Getenv]. A variable that is empty
// counts as not set.
func WithEnvironment(getenv func(name string) string) Option {
	return func(o *options) { o.environment = getenv }
}

// WithDialOptions hands options to gRPC, for interceptors and statistics handlers.
func WithDialOptions(dialOptions ...grpc.DialOption) Option {
	return func(o *options) { o.dialOptions = append(o.dialOptions, dialOptions...) }
}

// An OptionError tells which option of New, or which variable of the environment, cannot be used, and
// how to mend it.
type OptionError struct {
	Option  string // such as "WithServer" or "MUTEXGROUPS_TLS_CA_FILE"
	Problem string
	Err     error // what reading a file failed with, if that is why
}

func (e *OptionError) Error() string { return fmt.Sprintf("mutexgroups: %s: %s", e.Option, e.Problem) }

func (e *OptionError) Unwrap() error { return e.Err }

// resolve takes what is not given from the environment and the defaults.
func resolve(given []Option) (*options, error) {
	o := &options{
		environment:     os.Getenv,
		timeout:         defaultTimeout,
		maxReceiveBytes: defaultMaxReceiveBytes,
	}
	for _, option := range given {
		option(o)
	}
	o.fill(&o.server, variableServer)
	if !o.server.given() {
		o.server = setting{DefaultServer, "the default server"}
	}
	o.fill(&o.tls, variableTLS)
	o.fill(&o.caFile, variableCAFile)
	o.fill(&o.serverName, variableServerName)
	o.fill(&o.certFile, variableCertFile)
	o.fill(&o.keyFile, variableKeyFile)
	return o, o.check()
}

func (o *options) fill(s *setting, variable string) {
	if s.given() {
		return
	}
	if value := o.environment(variable); value != "" {
		*s = setting{value, variable}
	}
}

func (o *options) check() error {
	if problem := addressProblem(o.server.value); problem != "" {
		return &OptionError{
			Option:  o.server.origin,
			Problem: fmt.Sprintf("%q is not an address: %s; %s", o.server.value, problem, addressForms),
		}
	}
	if o.timeout <= 0 {
		return &OptionError{Option: "WithTimeout", Problem: fmt.Sprintf("is %v; it must be over zero", o.timeout)}
	}
	if o.maxReceiveBytes <= 0 {
		return &OptionError{
			Option:  "WithMaxReceiveBytes",
			Problem: fmt.Sprintf("is %d; it must be over zero", o.maxReceiveBytes),
		}
	}
	if value := o.tls.value; o.tls.given() && value != "on" && value != "off" {
		return &OptionError{Option: o.tls.origin, Problem: fmt.Sprintf("is %q; write on or off", value)}
	}
	return o.checkAmplitudeKey()
}

// Names the key's trouble and never the key.
func (o *options) checkAmplitudeKey() error {
	if !o.amplitudeKey.given() {
		return nil
	}
	key := o.amplitudeKey.value
	if key == "" {
		return &OptionError{Option: o.amplitudeKey.origin, Problem: "the key is empty"}
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return &OptionError{
				Option:  o.amplitudeKey.origin,
				Problem: "the key has a space, a line break or another character that no key has",
			}
		}
	}
	if !o.secure() && !isLocal(o.server.value) {
		return &OptionError{
			Option: o.amplitudeKey.origin,
			Problem: fmt.Sprintf("the key would cross the network to %s in plain text; turn TLS on, or use a unix "+
				"socket or the loopback", o.server.value),
		}
	}
	return nil
}
