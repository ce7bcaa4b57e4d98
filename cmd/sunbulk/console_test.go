package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestConsoleSimulated: one command shows it all, and ends when it is asked to.
func TestConsoleSimulated(t *testing.T) {
	t.Parallel()
	drain, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), drain, []string{"console", "--simulate", "--listen", "127.0.0.1:0"}, strings.NewReader(""), w, io.Discard)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Jobs []struct {
			Simulated bool
			Rows      struct{ OK int64 }
		}
	}
	worked := func() bool { return len(list.Jobs) == 2 && list.Jobs[0].Rows.OK > 0 && list.Jobs[1].Rows.OK > 0 }
	for !worked() {
		resp, err := http.Get(strings.TrimSpace(line) + "v1/jobs")
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(resp.Body).Decode(&list)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	if !list.Jobs[0].Simulated || !list.Jobs[1].Simulated {
		t.Error("its jobs are not marked as simulated")
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d, want %d", code, exitOK)
	}
}
