package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// I2: rows that were done elsewhere are not done here.
func TestARunGoesOnAgainstItsOwnAPIOnly(t *testing.T) {
	const here = "https://example.zendesk.com/sc"
	real, simulated := head(), head()
	real.BaseURL, simulated.Options.Simulated = here, true
	at := func(url string) Head { h := head(); h.BaseURL = url; return h }
	for _, test := range []struct {
		name        string
		before, now Head
		want        error
	}{
		{"the same", real, at(here), nil},
		{"but for a slash", real, at(here + "/"), nil},
		{"another", real, at("https://example-test.zendesk.com/sc"), ErrElsewhere},
		{"simulated before", simulated, at(here), ErrSimulated},
		{"simulated now", real, simulated, ErrReal},
		{"simulated both times", simulated, simulated, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, codec := t.TempDir(), newCodec(t)
			l, err := Create(dir, test.before, newMemory(t, codec), codec)
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			data, err := os.ReadFile(filepath.Join(dir, FileName))
			if err != nil || strings.Contains(string(data), "zendesk") {
				t.Errorf("I7: the journal names the base URL, or cannot be read: %v", err)
			}
			test.now.Job = "20270101-000000-aaaa" // a start does not know yet with which job it goes on
			resumed, _, err := Resume(t.Context(), dir, test.now, newMemory(t, codec), codec)
			if err == nil {
				resumed.Close()
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// A journal that was begun before marks were kept is one of the API that is called.
func TestAJournalWithoutAMarkIsReal(t *testing.T) {
	before, now := head(), head()
	now.BaseURL = "https://example.com"
	if err := before.sameAPI(now); err != nil {
		t.Errorf("a real run: got %v, want nil", err)
	}
	now.Options.Simulated = true
	if err := before.sameAPI(now); !errors.Is(err, ErrReal) {
		t.Errorf("a simulated one: got %v, want ErrReal", err)
	}
}
