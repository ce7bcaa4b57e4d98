package sunco

import (
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"
)

// canned is a connection on which every request has the same answer, at once.
type canned struct {
	net.Conn
	answer string
	left   string // of the answer to the last request
}

func (c *canned) Write(p []byte) (int, error) {
	c.left = c.answer
	return len(p), nil
}

func (c *canned) Read(p []byte) (int, error) {
	n := copy(p, c.left)
	c.left = c.left[n:]
	return n, nil
}

func (c *canned) SetDeadline(time.Time) error { return nil }
func (c *canned) Close() error                { return nil }

// What a call allocates is held here, because no timed test could: the bound is a quarter above what it takes.
func TestAllocationsPerCall(t *testing.T) {
	const body = `{"client":{"id":"5e4af71a81966cfff3ef6550","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"}}`
	base, err := url.Parse("http://api.test")
	if err != nil {
		t.Fatal(err)
	}
	api, err := New("app", Config{BaseURL: base.String(), Auth: Token("token")})
	if err != nil {
		t.Fatal(err)
	}
	d := newDirect(base, "test")
	d.keep(newConn(&canned{answer: fmt.Sprintf("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)}, d.keep))
	api.send = d.send
	create := ClientCreate{
		MatchCriteria: MatchCriteria{Type: TypeWhatsApp, IntegrationID: "5e4af71a81966cfff3ef6550", PhoneNumber: "+12125550123"},
		Confirmation:  Confirmation{Type: ConfirmImmediate}, Target: Target{ConversationID: "5e4af71a81966cfff3ef6550"},
	}
	got := testing.AllocsPerRun(1000, func() {
		made, err := api.Create(t.Context(), "5e4af71a81966cfff3ef6551", create, Query{Timeout: time.Minute})
		if err != nil || made.ID == "" {
			t.Errorf("got %+v and %v", made, err)
		}
	})
	if most := 31.0; got > most {
		t.Errorf("a call takes %.1f allocations, want at most %.1f", got, most)
	}
}
