package terminal

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/sunbulk/sunbulk/jobs"
)

// Screen is stderr with one live line below everything else that is written, on a terminal.
type Screen struct {
	mu   sync.Mutex
	out  *outlet
	file *os.File // nil when not a terminal
	line string   // the live line

	Secrets *Secrets // that nothing shows
}

// NewScreen makes one of a stream, which may be a terminal.
func NewScreen(out io.Writer) *Screen {
	s := &Screen{out: newOutlet(out), Secrets: new(Secrets)}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		s.file = f
	}
	return s
}

// Close ends the screen. What is written later is dropped.
func (s *Screen) Close() { s.out.Close() }

const clearLine = "\r\x1b[K"

// Write prints above the live line.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Output{s.out, s.Secrets}
	if s.line == "" {
		return out.Write(p)
	}
	io.WriteString(s.out, clearLine)
	n, err := out.Write(p)
	io.WriteString(s.out, s.line)
	return n, err
}

// Live tells whether there can be a live line.
func (s *Screen) Live() bool { return s.file != nil }

// Width is how many columns a line may take without wrapping; 0 where nothing wraps.
func (s *Screen) Width() int {
	if !s.Live() {
		return 0
	}
	width, _, err := term.GetSize(int(s.file.Fd()))
	if err != nil || width < 2 {
		return 0
	}
	return width - 1
}

// Status replaces the live line, cut to the terminal's width; "" removes it.
func (s *Screen) Status(line string) {
	if !s.Live() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line = jobs.Line(Output{s.out, s.Secrets}.clean(line))
	if width := s.Width(); width > 0 {
		if runes := []rune(line); len(runes) > width {
			line = string(runes[:width])
		}
	}
	if line == "" && s.line == "" {
		return
	}
	s.line = line
	io.WriteString(s.out, clearLine+line)
}
