package main

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/sunbulk/sunbulk/jobs"
)

// screen is stderr with one live line below everything else that is written, on a terminal.
type screen struct {
	mu   sync.Mutex
	out  *outlet
	file *os.File // nil when not a terminal
	line string   // the live line

	secrets *secretsShown
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: newOutlet(out), secrets: new(secretsShown)}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		s.file = f
	}
	return s
}

// close ends the screen. What is written later is dropped.
func (s *screen) close() { s.out.close() }

const clearLine = "\r\x1b[K"

// Write prints above the live line.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := output{s.out, s.secrets}
	if s.line == "" {
		return out.Write(p)
	}
	io.WriteString(s.out, clearLine)
	n, err := out.Write(p)
	io.WriteString(s.out, s.line)
	return n, err
}

// live tells whether there can be a live line.
func (s *screen) live() bool { return s.file != nil }

// width is how many columns a line may take without wrapping; 0 where nothing wraps.
func (s *screen) width() int {
	if !s.live() {
		return 0
	}
	width, _, err := term.GetSize(int(s.file.Fd()))
	if err != nil || width < 2 {
		return 0
	}
	return width - 1
}

// status replaces the live line, cut to the terminal's width; "" removes it.
func (s *screen) status(line string) {
	if !s.live() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line = jobs.Line(output{s.out, s.secrets}.clean(line))
	if width := s.width(); width > 0 {
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
