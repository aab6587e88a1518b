package mutexgroups

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// secure says whether the connection is by TLS.
func (o *options) secure() bool {
	if o.tls.given() {
		return o.tls.value == "on"
	}
	return o.caFile.given() || o.certFile.given() || o.keyFile.given()
}

func (o *options) transportCredentials() (credentials.TransportCredentials, error) {
	if !o.secure() {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.serverName.value}
	if o.caFile.given() {
		roots, err := readRoots(o.caFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = roots
	}
	certificate, err := o.readCertificate()
	if err != nil {
		return nil, err
	}
	if certificate != nil {
		config.Certificates = []tls.Certificate{*certificate}
	}
	return credentials.NewTLS(config), nil
}

func readRoots(file setting) (*x509.CertPool, error) {
	pem, err := readFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, &OptionError{
			Option:  file.origin,
			Problem: fmt.Sprintf("%s has no certificate; name a PEM file of authorities", file.value),
		}
	}
	return roots, nil
}

// readCertificate returns nil where none is given.
func (o *options) readCertificate() (*tls.Certificate, error) {
	if !o.certFile.given() && !o.keyFile.given() {
		return nil, nil
	}
	if o.certFile.value == "" || o.keyFile.value == "" {
		return nil, o.halfAPair()
	}
	certPEM, err := readFile(o.certFile)
	if err != nil {
		return nil, err
	}
	keyPEM, err := readFile(o.keyFile)
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, &OptionError{
			Option: o.keyFile.origin,
			Problem: fmt.Sprintf("the keyFile %s is not the key of the certFile %s: %v; name PEM files that belong "+
				"together, the key not encrypted", o.keyFile.value, o.certFile.value, err),
			Err: err,
		}
	}
	return &certificate, nil
}

func (o *options) halfAPair() error {
	if o.certFile.value == "" && o.keyFile.value == "" {
		return &OptionError{Option: o.certFile.origin, Problem: "certFile and keyFile are empty; name them, or leave it out"}
	}
	given, name, lacks, variable := o.certFile, "certFile", "keyFile", variableKeyFile
	if o.certFile.value == "" {
		given, name, lacks, variable = o.keyFile, "keyFile", "certFile", variableCertFile
	}
	return &OptionError{
		Option: given.origin,
		Problem: fmt.Sprintf("the %s %s is given without the %s that goes with it; give both (WithCertificate or %s)",
			name, given.value, lacks, variable),
	}
}

func readFile(file setting) ([]byte, error) {
	content, err := os.ReadFile(file.value)
	if err != nil {
		return nil, &OptionError{
			Option:  file.origin,
			Problem: fmt.Sprintf("cannot read the file: %v; name a PEM file that this process may read", err),
			Err:     err,
		}
	}
	return content, nil
}
