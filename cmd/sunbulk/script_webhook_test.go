package main

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

var receiverAddress = regexp.MustCompile(`receiving webhooks" address=(\S+)`)

// post NAME KEY FILE STATUS: each line of a file is sent to the receiver that was started under a name, as the vendor does, and answered
// with the status.
func post(_ *script, ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	var address string
	if err := wait(args[0]+" listens", func() (bool, error) {
		m := receiverAddress.FindStringSubmatch(ts.ReadFile(args[0] + ".err"))
		if m != nil {
			address = m[1]
		}
		return m != nil, nil
	}); err != nil {
		return err
	}
	for line := range bytes.Lines([]byte(ts.ReadFile(args[2]))) {
		q, err := http.NewRequest(http.MethodPost, address+"/webhook", bytes.NewReader(line))
		if err != nil {
			return err
		}
		q.Header.Set("X-API-Key", args[1])
		res, err := http.DefaultClient.Do(q)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != want {
			return fmt.Errorf("%s: got %d, want %d", bytes.TrimSpace(line), res.StatusCode, want)
		}
	}
	return nil
}
