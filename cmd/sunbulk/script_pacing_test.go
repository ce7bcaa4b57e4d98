package main

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// closed: $CLOSED is a window, in UTC, that is far from open.
func closed(_ *script, ts *testscript.TestScript, _ []string) error {
	from := time.Now().UTC().Add(11 * time.Hour)
	ts.Setenv("CLOSED", from.Format("15:04")+"-"+from.Add(time.Hour).Format("15:04"))
	return nil
}
