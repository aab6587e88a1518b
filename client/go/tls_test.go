package mutexgroups

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// An authority issues certificates that nobody trusts unless told to, as PEM files.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := &authority{folder: t.TempDir(), key: newKey(t)}
	der := sign(t, template, template, &a.key.PublicKey, a.key)
	a.certificate, _ = x509.ParseCertificate(der)
	a.file = writePEM(t, a.folder, "ca.pem", "CERTIFICATE", der)
	return a
}

// issue makes a certificate for a DNS name, and returns its file and its key's.
func (a *authority) issue(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certDER := sign(t, template, a.certificate, &key.PublicKey, a.key)
	return writePEM(t, a.folder, name+".pem", "CERTIFICATE", certDER),
		writePEM(t, a.folder, name+".key", "PRIVATE KEY", keyDER)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key *ecdsa.PublicKey, signer *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func writePEM(t *testing.T, folder, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startTLS serves as gateway.test, to callers whose certificates the authority signed.
func startTLS(t *testing.T, a *authority) *fakeService {
	t.Helper()
	certFile, keyFile := a.issue(t, "gateway.test")
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	callers := x509.NewCertPool()
	callers.AddCert(a.certificate)
	return startFake(t, credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: callers,
		MinVersion: tls.VersionTLS12,
	}))
}

func TestMutualTLSByFilesOfTheEnvironment(t *testing.T) {
	a := newAuthority(t)
	certFile, keyFile := a.issue(t, "caller")
	client := connect(t, variables(map[string]string{
		"MUTEXGROUPS_SERVER":          startTLS(t, a).address,
		"MUTEXGROUPS_TLS_CA_FILE":     a.file,
		"MUTEXGROUPS_TLS_CERT_FILE":   certFile,
		"MUTEXGROUPS_TLS_KEY_FILE":    keyFile,
		"MUTEXGROUPS_TLS_SERVER_NAME": "gateway.test",
	}))
	if _, err := client.Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestTLSRefusesWhomItDoesNotKnow(t *testing.T) {
	a := newAuthority(t)
	service := startTLS(t, a)
	certFile, keyFile := a.issue(t, "caller")
	pair := WithCertificate(certFile, keyFile)
	for name, options := range map[string][]Option{
		"an unknown authority": {pair, WithServerName("gateway.test")},
		"another server name":  {pair, WithCAFile(a.file), WithServerName("other.test")},
		"no certificate":       {WithCAFile(a.file), WithServerName("gateway.test")},
		"plain text":           {},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := service.connect(t, options...).CheckHealth(context.Background(), nil)
			if status.Code(err) != codes.Unavailable {
				t.Fatalf("the error is %v", err)
			}
		})
	}
}

func TestTLSThatIsOffReadsNoFiles(t *testing.T) {
	fake := startFake(t, nil)
	client := fake.connect(t, variables(map[string]string{
		"MUTEXGROUPS_TLS": "off", "MUTEXGROUPS_TLS_CA_FILE": "/none.pem",
	}))
	if _, err := client.Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}
