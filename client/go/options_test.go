package mutexgroups

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
)

func variables(values map[string]string) Option {
	return WithEnvironment(func(name string) string { return values[name] })
}

func TestTheEnvironmentNamesTheServer(t *testing.T) {
	fake := startFake(t, nil)
	client := connect(t, variables(map[string]string{"MUTEXGROUPS_SERVER": fake.address}))
	if _, err := client.Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestTheEnvironmentOfTheProcessIsRead(t *testing.T) {
	t.Setenv("MUTEXGROUPS_SERVER", "nowhere")
	var failure *OptionError
	if _, err := New(); !errors.As(err, &failure) || failure.Option != "MUTEXGROUPS_SERVER" {
		t.Fatalf("the error is %v", err)
	}
}

func TestAnExplicitOptionWinsOverTheEnvironment(t *testing.T) {
	fake := startFake(t, nil)
	client := fake.connect(t, WithTLS(false),
		variables(map[string]string{"MUTEXGROUPS_SERVER": "nowhere", "MUTEXGROUPS_TLS": "on"}))
	if _, err := client.Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestTheDefaultServerIsMutexdsOwn(t *testing.T) {
	if client := connect(t); !strings.Contains(client.connection.Target(), DefaultServer) {
		t.Fatal(client.connection.Target())
	}
}

func TestABadOptionNamesItselfAndTheFix(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		option Option
		name   string
		wants  []string
	}{
		"address":          {WithServer("gateway"), "WithServer", []string{`"gateway"`, "port is missing", "host:port"}},
		"time-out":         {WithTimeout(0), "WithTimeout", []string{"over zero"}},
		"receive":          {WithMaxReceiveBytes(-1), "WithMaxReceiveBytes", []string{"over zero"}},
		"roots":            {WithCAFile("/none.pem"), "WithCAFile", []string{"/none.pem", "PEM file"}},
		"roots of nothing": {WithCAFile(empty), "WithCAFile", []string{empty, "no certificate"}},
		"no pair":          {WithCertificate(empty, empty), "WithCertificate", []string{empty, "belong together"}},
		"half":             {WithCertificate("a.pem", ""), "WithCertificate", []string{"a.pem", "keyFile", "give both"}},
		"empty pair":       {WithCertificate("", ""), "WithCertificate", []string{"name them"}},
		"tls":              {variables(map[string]string{"MUTEXGROUPS_TLS": "yes"}), "MUTEXGROUPS_TLS", []string{`"yes"`, "on or off"}},
		"roots variable": {
			variables(map[string]string{"MUTEXGROUPS_TLS_CA_FILE": "/none.pem"}),
			"MUTEXGROUPS_TLS_CA_FILE",
			[]string{"/none.pem"},
		},
		"certificate variable": {
			variables(map[string]string{"MUTEXGROUPS_TLS_CERT_FILE": "a.pem"}),
			"MUTEXGROUPS_TLS_CERT_FILE",
			[]string{"a.pem", "MUTEXGROUPS_TLS_KEY_FILE"},
		},
		"key variable": {
			variables(map[string]string{"MUTEXGROUPS_TLS_KEY_FILE": "a.key"}),
			"MUTEXGROUPS_TLS_KEY_FILE",
			[]string{"a.key", "MUTEXGROUPS_TLS_CERT_FILE"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(WithEnvironment(noVariables), test.option)
			var failure *OptionError
			if !errors.As(err, &failure) {
				t.Fatalf("the error is %v", err)
			}
			if failure.Option != test.name {
				t.Errorf("the option is %s", failure.Option)
			}
			for _, want := range append(test.wants, test.name) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestAnAmplitudeKeyGoesWithEachCall(t *testing.T) {
	fake := startFake(t, nil)
	client := fake.connect(t, WithAmplitudeKey("ampex_secret"))
	if _, err := client.Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if keys := fake.received()[0].metadata.Get(amplitudeKeyMetadata); len(keys) != 1 || keys[0] != "ampex_secret" {
		t.Fatalf("the keys sent are %v", keys)
	}
	if printed := fmt.Sprintf("%v %+v %#v", client, client, *client); strings.Contains(printed, "ampex_secret") {
		t.Fatal("printing the client shows the key")
	}
}

func TestNoAmplitudeKeyComesFromTheEnvironment(t *testing.T) {
	t.Setenv("AMPLITUDE_MANAGEMENT_KEY", "ampex_secret")
	fake := startFake(t, nil)
	if _, err := fake.connect(t).Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if keys := fake.received()[0].metadata.Get(amplitudeKeyMetadata); len(keys) != 0 {
		t.Fatalf("the keys sent are %v", keys)
	}
}

func TestAnAmplitudeKeyNeverCrossesTheNetworkInPlainText(t *testing.T) {
	for server, tls := range map[string]bool{
		"gateway.example.com:50051": true, "127.0.0.1:50051": false, "unix:/run/mutexd.sock": false,
	} {
		connect(t, WithServer(server), WithTLS(tls), WithAmplitudeKey("ampex_secret"))
	}
	_, err := New(WithEnvironment(noVariables), WithServer("gateway.example.com:50051"), WithAmplitudeKey("ampex_secret"))
	var failure *OptionError
	if !errors.As(err, &failure) || failure.Option != "WithAmplitudeKey" || !strings.Contains(err.Error(), "turn TLS on") {
		t.Fatalf("the error is %v", err)
	}
}

func TestAKeyThatIsNoneIsRefusedAndNotShown(t *testing.T) {
	for _, key := range []string{"", "ampex secret", "ampex_secret\n", "ampex_sécret"} {
		_, err := New(WithEnvironment(noVariables), WithAmplitudeKey(key))
		if err == nil || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%q: the error is %v", key, err)
		}
	}
}

func TestDialOptionsReachGRPC(t *testing.T) {
	fake := startFake(t, nil)
	var methods []string
	watch := func(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
		invoker grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		methods = append(methods, method)
		return invoker(ctx, method, request, reply, connection, options...)
	}
	client := fake.connect(t, WithDialOptions(grpc.WithChainUnaryInterceptor(watch)))
	if _, err := client.Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if len(methods) != 1 || methods[0] != "/mutexgroups.v1.MutexGroupService/GetMutexGroup" {
		t.Fatal(methods)
	}
}
