package terminal

import (
	"fmt"
	"io"
	"reflect"
	"sync/atomic"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Printf prints a text for people. Line breaks are those of the format. Errors of writing are the outlet's to keep.
func Printf(w io.Writer, format string, values ...any) {
	shown := make([]any, len(values))
	for i, v := range values {
		switch x := v.(type) {
		case error:
			v = jobs.Line(x.Error())
		case fmt.Stringer:
			v = jobs.Line(x.String())
		default:
			if s := reflect.ValueOf(v); s.Kind() == reflect.String {
				v = jobs.Line(s.String())
			}
		}
		shown[i] = v
	}
	fmt.Fprintf(w, format, shown...)
}

// Output is stdout or stderr without control characters and without the process's own secrets. What is written at once must hold
// whole characters.
type Output struct {
	To      io.Writer
	Secrets *Secrets
}

// Secrets are the secrets that no output may show.
type Secrets struct{ atomic.Pointer[sunco.Redactor] }

// Write is that of io.Writer.
func (o Output) Write(p []byte) (int, error) {
	if _, err := io.WriteString(o.To, o.clean(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (o Output) clean(text string) string {
	if r := o.Secrets.Load(); r != nil {
		text = r.Redact(text)
	}
	return jobs.Text(text)
}
