package worker_test

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/sunbulk/sunbulk/sunco"
)

// What working a row allocates, from the delivery over the call to the commit, is held here,
// because no timed test could: the bound is a quarter above what it takes.
func TestAllocationsPerRow(t *testing.T) {
	const rows = 5000
	b := newRedisBench(t, http.NotFoundHandler(), options())
	b.answerInProcess()
	b.queue(100, creates(rows)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.serve()
	runtime.ReadMemStats(&after)
	got := float64(after.Mallocs-before.Mallocs) / rows
	if state := b.state(); state.Tally.OK != rows {
		t.Fatalf("got %+v, want %d rows ok", state.Tally, rows)
	}
	if most := 61.0; got > most {
		t.Errorf("a row takes %.1f allocations, want at most %.1f", got, most)
	}
}

// answerInProcess takes the network out of the calls, and with it what the server allocates.
func (b *bench) answerInProcess() {
	b.t.Helper()
	api, err := sunco.New(app, sunco.Config{Auth: sunco.Token("token"), Transport: instantly{}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.api = api
}

// instantly is a transport that answers every create at once.
type instantly struct{}

func (instantly) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	body := []byte(`{"client":{"id":"5e4af71a81966cfff3ef6550","type":"whatsapp","status":"pending"}}`)
	return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
}
