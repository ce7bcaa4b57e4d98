package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// maxLine bounds one line of the journal, in bytes: a batch of lists can take many.
const maxLine = 256 << 20

// record is a line of the journal after the head; exactly one of its fields is set.
type record struct {
	Open   *opening `json:"open,omitempty"`
	Commit *commit  `json:"commit,omitempty"`
	Note   *note    `json:"note,omitempty"`
	Seal   *seal    `json:"seal,omitempty"`
	Canary *canary  `json:"canary,omitempty"`
	Change *change  `json:"change,omitempty"`

	Links *linksRecord `json:"links,omitempty"`
}

// linksRecord is all that is known of the job's links, once it has ended: texts as jobs.EncodeLinks writes them. The last one counts.
type linksRecord struct {
	Texts []string `json:"texts"`
}

// opening says that a batch was opened.
type opening struct {
	Batch   int64     `json:"batch"`
	Calling bool      `json:"calling,omitempty"` // its calls may begin
	Since   time.Time `json:"since"`             // of its first opening
}

// commit is an accepted ledger.Commit. Its outcomes are an encoded jobs.Chunk, its attempts as the
// same codec encodes them.
type commit struct {
	Batch    int64         `json:"batch"`
	Dirty    bool          `json:"dirty,omitempty"`
	Progress jobs.Progress `json:"progress"`
	Tally    jobs.Tally    `json:"tally"`
	Stats    stats         `json:"stats"`
	Chunk    []byte        `json:"chunk,omitempty"`
	Attempts []byte        `json:"attempts,omitempty"`
}

// stats are jobs.Stats with the histogram's buckets, of which its own JSON gives only quantiles.
type stats struct {
	Calls     int64                 `json:"calls,omitempty"`
	Retries   int64                 `json:"retries,omitempty"`
	Throttled int64                 `json:"throttled,omitempty"`
	Looks     int64                 `json:"looks,omitempty"`
	Lookups   int64                 `json:"lookups,omitempty"`
	Latency   map[int]int64         `json:"latency,omitempty"`
	Causes    map[string]jobs.Cause `json:"causes,omitempty"`
}

// note is a ledger.Note that was beyond the last one. Its rows are an encoded jobs.Chunk.
type note struct {
	Read     int64  `json:"read"`
	Batches  int64  `json:"batches"`
	Rejected int64  `json:"rejected,omitempty"`
	Filtered int64  `json:"filtered,omitempty"`
	Through  int64  `json:"through,omitempty"`
	Chunk    []byte `json:"chunk,omitempty"`
	Digest   string `json:"digest,omitempty"` // of the records up to Read, when the input is a pipe
}

// canary says that the rows behind the canary may be called.
type canary struct {
	Over bool `json:"over"`
}

// change says that the job went on with other options.
type change struct {
	Options jobs.Options `json:"options"`
	Event   jobs.Event   `json:"event"`
}

// seal says that the whole input was read.
type seal struct {
	Inputs []jobs.Input `json:"inputs"`
}

func newCommit(d ledger.Delivery, c ledger.Commit, codec *jobs.Codec) *commit {
	k := &commit{Batch: d.Batch, Dirty: c.Dirty, Progress: c.Progress, Tally: c.Tally, Stats: stats{
		Calls: c.Stats.Calls, Retries: c.Stats.Retries, Throttled: c.Stats.Throttled, Looks: c.Stats.Looks, Lookups: c.Stats.Lookups,
		Latency: c.Stats.Latency, Causes: c.Stats.Causes,
	}}
	if len(c.Outcomes) > 0 {
		k.Chunk = codec.EncodeChunk(jobs.Chunk{Batch: d.Batch, Outcomes: c.Outcomes})
	}
	if len(c.Attempts) > 0 {
		k.Attempts = codec.EncodeAttempts(d.Batch, c.Attempts)
	}
	return k
}

func newNote(n ledger.Note, codec *jobs.Codec) *note {
	return &note{
		Read: n.Read, Batches: n.Batches, Rejected: int64(len(n.Rejected)), Filtered: int64(len(n.Filtered)), Through: n.Through,
		Chunk: n.Chunk(codec), Digest: n.Digest,
	}
}

// chunk returns the encoded outcomes or rejected rows of the record; nil when it has none.
func (r record) chunk() []byte {
	switch {
	case r.Commit != nil:
		return r.Commit.Chunk
	case r.Note != nil:
		return r.Note.Chunk
	}
	return nil
}

// attempts returns the encoded attempts of the record; nil when it has none.
func (r record) attempts() []byte {
	if r.Commit == nil {
		return nil
	}
	return r.Commit.Attempts
}

// encodeLine returns v as one line, with its end.
func encodeLine(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode line: %w", err)
	}
	if len(data) >= maxLine {
		return nil, fmt.Errorf("encode line: %d bytes, more than %d", len(data), maxLine)
	}
	return append(data, '\n'), nil
}

func decodeRecord(data []byte) (record, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return record{}, err
	}
	kinds := 0
	for _, set := range []bool{r.Open != nil, r.Commit != nil, r.Note != nil, r.Seal != nil, r.Canary != nil, r.Change != nil, r.Links != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return record{}, errors.New("not exactly one of open, commit, note, seal, canary, change and links")
	}
	return r, nil
}
