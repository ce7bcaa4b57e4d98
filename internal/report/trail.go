package report

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// End is where a row of a runbook's input came to its end. One for which a list found several clients
// has an end for each.
type End struct {
	Row      int64 // in the input
	Line     int64
	User     string
	Step     string
	Place    int // of the step, from 1
	Op       jobs.Op
	Kind     jobs.Kind // of the row in that step
	ClientID string
	Code     string // of a failure
	Cause    string // why it went no further, for people; empty when it came through the last step
}

// trail keeps ends on disk in the order in which they came, and gives them back in the order of rows, and of steps: each
// names the one before it of the same row.
type trail struct {
	file  *os.File
	w     *bufio.Writer
	size  int64
	index *index
}

// openTrail makes an empty trail in dir, which the caller removes.
func openTrail(dir string) (*trail, error) {
	sp, err := openSpool(dir)
	if err != nil {
		return nil, err
	}
	return &trail{file: sp.file, w: sp.w, index: sp.index}, nil
}

func (t *trail) close() {
	t.file.Close()
	t.index.file.Close()
}

func (t *trail) put(e *End) error {
	before, err := t.index.get(e.Row)
	if err != nil {
		return err
	}
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode the end of row %d: %w", e.Row, err)
	}
	// Offsets count from 1: 0 says that there is none before.
	if err := t.index.set(e.Row, t.size+1); err != nil {
		return err
	}
	head := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(before)), uint64(len(data)))
	t.w.Write(head) // its error comes again with the next write
	if _, err := t.w.Write(data); err != nil {
		return fmt.Errorf("write trail: %w", err)
	}
	t.size += int64(len(head) + len(data))
	return nil
}

// ends gives those of rows 1 to last in row order; a row without one has the zero End with its number.
func (t *trail) ends(last int64) iter.Seq2[*End, error] {
	return func(yield func(*End, error) bool) {
		if err := t.w.Flush(); err != nil {
			yield(nil, fmt.Errorf("write trail: %w", err))
			return
		}
		w := window{file: t.file, size: t.size}
		for row := int64(1); row <= last; row++ {
			all, err := t.of(&w, row)
			if err != nil {
				yield(nil, fmt.Errorf("read trail: %w", err))
				return
			}
			for i := range all {
				if !yield(&all[i], nil) {
					return
				}
			}
		}
	}
}

// of returns the ends of a row in the order of steps, those of one step as they came.
func (t *trail) of(w *window, row int64) ([]End, error) {
	at, err := t.index.get(row)
	if err != nil {
		return nil, err
	}
	if at == 0 {
		return []End{{Row: row}}, nil
	}
	var all []End
	for at > 0 {
		head, err := w.bytes(at-1, 2*binary.MaxVarintLen64)
		if err != nil {
			return nil, err
		}
		before, n := binary.Uvarint(head)
		size, m := binary.Uvarint(head[max(n, 0):])
		if n <= 0 || m <= 0 || size > uint64(t.size) {
			return nil, errSpool
		}
		data, err := w.bytes(at-1+int64(n+m), int(size))
		if err != nil || len(data) < int(size) {
			return nil, errSpool
		}
		var e End
		if err := json.Unmarshal(data[:size], &e); err != nil {
			return nil, err
		}
		all, at = append(all, e), int64(before)
	}
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b End) int { return a.Place - b.Place })
	return all, nil
}
