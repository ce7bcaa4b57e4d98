package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/pflag"
)

// listenFlags say where a command serves others.
type listenFlags struct{ address, cert, key string }

func (l *listenFlags) register(f *pflag.FlagSet, address, meaning string) {
	f.StringVar(&l.address, "listen", address, meaning)
	f.StringVar(&l.cert, "tls-cert", "", "PEM file with its certificate")
	f.StringVar(&l.key, "tls-key", "", "PEM file with the key of that")
}

// host is that of the address, when the flags can be used; example is an address that can.
func (l listenFlags) host(example string) (string, error) {
	host, _, err := net.SplitHostPort(l.address)
	if err != nil {
		return "", usage(fmt.Sprintf("--listen: %q is not HOST:PORT", l.address), "e.g. --listen "+example)
	}
	if (l.cert == "") != (l.key == "") {
		return "", usage("--tls-cert and --tls-key go together", "give both, or let a proxy end TLS")
	}
	return host, nil
}

// listen listens, with TLS where a certificate is given, and returns the address as a URL.
func (l listenFlags) listen() (net.Listener, string, error) {
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		return nil, "", cannotRun(fmt.Errorf("serve: %w", err), "choose another --listen")
	}
	if l.cert == "" {
		return listener, "http://" + listener.Addr().String(), nil
	}
	pair, err := tls.LoadX509KeyPair(l.cert, l.key)
	if err != nil {
		listener.Close()
		return nil, "", usage("--tls-cert "+l.cert+": "+err.Error(), "give a PEM certificate and its key")
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), "https://" + listener.Addr().String(), nil
}

// serveUntil serves until end. Then it calls leave, and gives the requests that are there some seconds.
func serveUntil(end context.Context, server *http.Server, listener net.Listener, leave func()) error {
	ended := make(chan struct{})
	defer context.AfterFunc(end, func() {
		defer close(ended)
		const patience = 5 * time.Second
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		leave()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	})()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended
	return nil
}
