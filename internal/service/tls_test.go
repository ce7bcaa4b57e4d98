package service

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redisfault"
	"github.com/sunbulk/sunbulk/internal/redistest"
)

// authority writes a CA and what it signed for a host name; it returns the folder, with ca.pem, cert.pem and key.pem.
func authority(t *testing.T, name string, ips ...net.IP) string {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a private CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, DNSNames: []string{name}, IPAddresses: ips}
	write := func(file, kind string, data []byte, err error) {
		t.Helper()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	write("ca.pem", "CERTIFICATE", data, err)
	data, err = x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, key)
	write("cert.pem", "CERTIFICATE", data, err)
	data, err = x509.MarshalECPrivateKey(key)
	write("key.pem", "EC PRIVATE KEY", data, err)
	return dir
}

// secure starts a server that speaks TLS alone, and returns host:port of that.
func secure(t *testing.T, dir string, args ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	redistest.Start(t, append([]string{"--tls-port", port, "--tls-cert-file", filepath.Join(dir, "cert.pem"), "--tls-key-file", filepath.Join(dir, "key.pem"),
		"--tls-ca-cert-file", filepath.Join(dir, "ca.pem")}, args...)...)
	return "127.0.0.1:" + port
}

// TestOpensTheURL is what another process of this test runs, with its own SSL_CERT_FILE.
func TestOpensTheURL(t *testing.T) {
	if url := os.Getenv("TEST_OPEN_URL"); url != "" {
		opens(t, url)
	}
}

// TLS by a private CA works with SSL_CERT_FILE, and each way in which it does not has a name.
func TestOpenTLS(t *testing.T) {
	here := authority(t, "localhost", net.IPv4(127, 0, 0, 1))
	addr := secure(t, here, "--tls-auth-clients", "no", "--requirepass", "p@ss/1")
	for url, want := range map[string]bool{
		"rediss://:p%40ss%2F1@" + addr: true, "rediss://default:p%40ss%2F1@" + strings.Replace(addr, "127.0.0.1", "localhost", 1) + "/0": true,
		"rediss://:wrong@" + addr: false,
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestOpensTheURL$")
		cmd.Env = append(os.Environ(), "TEST_OPEN_URL="+url, "SSL_CERT_FILE="+filepath.Join(here, "ca.pem"))
		if out, err := cmd.CombinedOutput(); (err == nil) != want {
			t.Errorf("%s with the CA: got %v, want success: %t\n%s", url, err, want, out)
		}
	}
	opens(t, "rediss://:p%40ss%2F1@"+addr+"?skip_verify=true")

	plain := redistest.Start(t)
	picky := secure(t, here)
	for url, want := range map[string]redisfault.Fault{
		"rediss://:p%40ss%2F1@" + addr:            redisfault.UnknownCA,
		"rediss://" + plain.Addr:                  redisfault.PlainPort,
		"redis://:p%40ss%2F1@" + addr:             redisfault.TLSPort,
		"rediss://" + picky + "?skip_verify=true": redisfault.ClientCert,
	} {
		e := fails(t, url)
		if e.Fault != want {
			t.Errorf("%s: got %q, want %q (%v)", url, e.Fault, want, e)
		}
		if e.Better != "" && strings.Contains(e.Better, "ss%2F1") {
			t.Errorf("I7: %s shows the password", e.Better)
		}
	}
	if e := fails(t, "rediss://"+plain.Addr); e.Better != plain.URL() {
		t.Errorf("got %s, want %s", e.Better, plain.URL())
	}
}
