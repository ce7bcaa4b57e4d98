package service

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
)

// I7: a server that quotes what it was sent gives no password away.
func TestOpenI7ShowsNoPassword(t *testing.T) {
	for _, password := range []string{"p4ss/w0rd+x=9", "abc", "long enough to be cut"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		go func() {
			for {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					for {
						if _, err := c.Read(make([]byte, 4096)); err != nil {
							return
						}
						fmt.Fprintf(c, "-ERR no login with '%s' %s %s\r\n", password, url.QueryEscape(password), base64.StdEncoding.EncodeToString([]byte(password)))
					}
				}()
			}
		}()
		address := &url.URL{Scheme: "redis", User: url.UserPassword("me", password), Host: listener.Addr().String()}
		_, _, err = Open(t.Context(), address.String())
		if err == nil || !strings.Contains(err.Error(), "no login with '…' … ") {
			t.Errorf("%q: got %v", password, err)
		}
		for _, part := range []string{password, url.QueryEscape(password), base64.RawStdEncoding.EncodeToString([]byte(password))} {
			if err != nil && strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, which holds %q", password, err, part)
			}
		}
	}
}
