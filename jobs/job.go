package jobs

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// State is where a job stands: enqueuing → running → finished, with paused ⇄ running, and cancelled.
type State string

// The states of a job.
const (
	Enqueuing State = "enqueuing" // rows are still being added; workers may already be at it
	Running   State = "running"
	Paused    State = "paused"
	Finished  State = "finished"
	Cancelled State = "cancelled"
)

// Ended tells whether nothing more will be called for the job.
func (s State) Ended() bool { return s == Finished || s == Cancelled }

// Options is what a job was asked to do. It holds no secret and no address of a host (I7).
type Options struct {
	App         string        `json:"app"`
	Rate        float64       `json:"rate"`  // calls per second; 0 = no limit
	Burst       int           `json:"burst"` // calls that may come at once
	Attempts    int           `json:"attempts"`
	Timeout     time.Duration `json:"timeoutNs"` // per call
	BatchSize   int           `json:"batch"`
	MaxFailures Threshold     `json:"maxFailures"`
	Canary      Canary        `json:"canary,omitzero"`
	Resend      Resend        `json:"resend"`
	Within      time.Duration `json:"withinNs,omitempty"` // how long a verify waits for a pending client
	Reserve     float64       `json:"reserve,omitempty"`  // part of Rate that is left to other traffic, 0 to 1
	Priority    Priority      `json:"priority,omitempty"`
	Simulated   bool          `json:"simulated,omitempty"` // nothing is really done: the API is one in the process
	Schedule
	Filter
	Origin
}

// Origin is the step of a runbook of which a job is. The zero value is of a job by itself.
type Origin struct {
	Run     string `json:"run,omitempty"` // id of the run
	Runbook string `json:"runbook,omitempty"`
	Step    string `json:"step,omitempty"`
	Place   int    `json:"place,omitempty"` // of the step, from 1
	Made    string `json:"made,omitempty"`  // id of the job that made the rows' clients, where an earlier step did
}

// Allowed is the rate without what is left to other traffic, in calls per second; 0 = no limit.
func (o Options) Allowed() float64 { return o.Rate * (1 - o.Reserve) }

// Fingerprint tells one job's work from another's: equal ones have the same rows. It is empty when
// neither the digest nor the version of an input is known. Settings say how the rows are read.
func Fingerprint(inputs []Input, settings map[string]string) string {
	digests := make([]string, len(inputs))
	for i, in := range inputs {
		if digests[i] = in.Identity(); digests[i] == "" {
			return ""
		}
	}
	data, err := json.Marshal([]any{digests, settings}) // maps are written in the order of their keys
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// pipePrefix begins the fingerprint of a job whose input can be read only once.
const pipePrefix = "pipe:"

// PipeFingerprint is the Fingerprint of inputs of which some can be read only once: it tells how those are
// read, and not what they hold.
func PipeFingerprint(inputs []Input, settings map[string]string) string {
	known := slices.Clone(inputs)
	for i := range known {
		if known[i].Identity() == "" {
			known[i].SHA256 = "pipe"
		}
	}
	return pipePrefix + Fingerprint(known, settings)
}

// Piped tells whether a part of the job's input can be read only once. What it held is known by its
// digest alone.
func (j Job) Piped() bool { return strings.HasPrefix(j.Fingerprint, pipePrefix) }

// Input is one file of a job as it was read.
type Input struct {
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`   // of an object on the network: its ETag, or its size and time of change
	Format    string `json:"format"`              // such as csv+gzip
	Delimiter string `json:"delimiter,omitempty"` // of CSV where it is no comma
	Sheet     string `json:"sheet,omitempty"`     // of a workbook
	Bytes     int64  `json:"bytes"`               // as stored, before decompression
	SHA256    string `json:"sha256"`              // of those bytes, in hex
	FirstRow  int64  `json:"firstRow"`
	Rows      int64  `json:"rows"`
	Error     string `json:"error,omitempty"` // why reading stopped before the end
}

// Identity tells the input from others, before and after it was read: the version of what lies at an
// address on the network, the digest of a file. It is empty for a pipe that was not read.
func (in Input) Identity() string {
	if in.Version != "" {
		return in.Name + " " + in.Version
	}
	return in.SHA256
}

// InputOfJob is the format of an input that is what came through another job.
const InputOfJob = "job"

// Broken says that the input is not all that it should be, and why; it is empty when it is.
func (in Input) Broken() string {
	switch {
	case in.Error == "":
		return ""
	case in.Format == InputOfJob:
		return in.Name + " is not known: " + in.Error
	}
	return in.Name + " was not read to its end: " + in.Error
}

// Job is one input run with one set of options.
type Job struct {
	ID      string
	Options Options
	State   State
	Reason  string    // of a pause or a cancel, for people
	Pause   PauseKind // why it is paused; empty when it is not
	Inputs  []Input
	Batches int64 // queued so far
	Sealed  bool  // the last batch is queued
	Mending bool  // it was finished, and rows of it that have no outcome are being queued again

	Enqueuer  Enqueuer          // who queues its rows
	Abandoned time.Time         // since when nobody queues the rows that it lacks; zero while somebody does, or it lacks none
	Retries   map[string]string // error code → the job that runs its failed rows again; "" = those of all others

	Through        int64     // rows 1 to Through were read; those of a canary beyond it, too
	CanaryFinished time.Time // all rows of the canary have an outcome; zero before
	CanaryOver     bool      // there is a canary, and the rows behind it may be called

	Fingerprint string // of the input and of how it is read; see Fingerprint and PipeFingerprint

	Tally     Tally
	Filtered  int64 // of Tally.Noop: rows that a filter left out, and that were never queued
	Links     Links // that its creates left, as far as that is known
	Taken     int64 // clients that users outside the job lost to others meanwhile
	Merged    int64 // users outside the job that were merged into users of it meanwhile
	Stats     Stats
	Events    []Event    // in the order of their times
	Rollbacks []Rollback // of its Redis, in the order of their times

	Created  time.Time
	Started  time.Time // first batch opened; zero before
	Finished time.Time // zero before
}

// Enqueuer is the process that queues a job's rows.
type Enqueuer struct {
	Name string    // empty when the last one has left
	Seen time.Time // its last heartbeat, by Redis' clock; zero where none are sent
}

// WaitsForWindow tells whether the job is paused and goes on by itself when its window opens.
func (j Job) WaitsForWindow() bool {
	return j.Pause == PauseWindow
}

// idForm keeps an id safe as a file name, a Redis hash tag and an asynq queue.
var idForm = lazyregexp.New(`^[0-9]{8}-[0-9]{6}-[a-z0-9]{4}$`)

// NewID returns an id such as 20261122-153012-k3f9 that sorts by now, in UTC.
func NewID(now time.Time) string {
	random := make([]byte, 4)
	rand.Read(random) // never returns an error: crypto/rand ends the program instead
	return newID(now, random)
}

// DeriveID returns an id that sorts by a time, the same whenever it is made for the same purpose.
func DeriveID(at time.Time, purpose string) string {
	sum := sha256.Sum256([]byte(purpose))
	return newID(at, sum[:4])
}

const idTime = "20060102-150405"

// IDTime returns the time, in whole seconds, by which an id sorts.
func IDTime(id string) (time.Time, error) {
	if err := CheckID(id); err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(idTime, id[:len(idTime)])
	if err != nil {
		return at, fmt.Errorf("read the time of id %s: %w", id, err)
	}
	return at, nil
}

func newID(at time.Time, suffix []byte) string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789"
	id := []byte(at.UTC().Format(idTime + "-"))
	for _, b := range suffix {
		id = append(id, letters[int(b)%len(letters)])
	}
	return string(id)
}

// CheckID returns an error when id does not have the form of a job id.
func CheckID(id string) error {
	if !idForm().MatchString(id) {
		return fmt.Errorf("%q is not a job id such as 20261122-153012-k3f9", shorten(id, 60))
	}
	return nil
}
