package main

import (
	"crypto/tls"
	"fmt"
	"net"
)

// listenOn listens on HOST:PORT, with TLS where a certificate is given, and returns the address as a URL.
func listenOn(address, cert, key string) (net.Listener, string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", cannotRun(fmt.Errorf("serve: %w", err), "choose another --listen")
	}
	if cert == "" {
		return listener, "http://" + listener.Addr().String(), nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		listener.Close()
		return nil, "", usage("--tls-cert "+cert+": "+err.Error(), "give a PEM certificate and its key")
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), "https://" + listener.Addr().String(), nil
}
