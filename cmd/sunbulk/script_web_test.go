package main

import (
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve [BYTES]: a web server for the script's folder, at $WEB. Each connection breaks after BYTES.
func serve(s *script, ts *testscript.TestScript, args []string) error {
	files := http.FileServer(http.Dir(ts.MkAbs(".")))
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		whole := files
		files = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { whole.ServeHTTP(&cutAnswer{w, n}, r) })
	}
	server := httptest.NewServer(files)
	s.t.Cleanup(server.Close)
	ts.Setenv("WEB", server.URL)
	return nil
}

// cutAnswer is an answer whose connection breaks after left bytes of the body.
type cutAnswer struct {
	http.ResponseWriter
	left int
}

func (c *cutAnswer) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	c.ResponseWriter.Write(p[:c.left])
	if err := http.NewResponseController(c.ResponseWriter).Flush(); err != nil {
		return 0, err
	}
	panic(http.ErrAbortHandler)
}
