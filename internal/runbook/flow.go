package runbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// Flow is a runbook with its variables, and with expressions that were checked.
type Flow struct {
	*Runbook
	Vars    map[string]string
	configs []input.Config // of each step
}

// Compile checks the expressions of every step; vars are those of Variables. Its error is an *Error.
func (r *Runbook) Compile(vars map[string]string) (*Flow, error) {
	f := &Flow{Runbook: r, Vars: vars}
	var problems []Problem
	for i := range r.Steps {
		cfg := f.config(i)
		if _, err := input.NewAssembler(cfg, time.Time{}); err != nil {
			problems = append(problems, r.faultOf(i, err))
		}
		f.configs = append(f.configs, cfg)
	}
	if err := newError(r.source(), problems); err != nil {
		return nil, err
	}
	return f, nil
}

// faultOf gives an error of a step its place in the runbook.
func (r *Runbook) faultOf(step int, err error) Problem {
	e, ok := errors.AsType[*input.Error](err)
	if !ok || e.Option == "" {
		return r.problem(stepPath(step), err.Error(), "")
	}
	key, rest, _ := strings.Cut(e.Option, " ")
	switch {
	case key == "set":
		return r.problem(stepPath(step)+".set."+rest, e.Err.Error(), e.Hint)
	case rest != "":
		rest += ": "
	}
	return r.problem(stepPath(step)+"."+key, rest+e.Err.Error(), e.Hint)
}

// Text is the runbook as JSON, which Parse reads. Of one whose run is begun where its input is, the input is
// left out: its address may hold a key (I7).
func (r *Runbook) Text(withInput bool) ([]byte, error) {
	book := *r
	if !withInput {
		book.Input = nil
	}
	text, err := json.Marshal(&book)
	if err != nil {
		return nil, fmt.Errorf("encode runbook: %w", err)
	}
	return text, nil
}

// Meaning is the runbook as JSON without its input, and without what only says when and how fast it is run: a run
// that stands may be continued with others of these.
func (r *Runbook) Meaning() ([]byte, error) {
	book := *r
	clearPacing(&book)
	book.Limits = book.meaning()
	book.Steps = slices.Clone(r.Steps)
	for i := range book.Steps {
		book.Steps[i].Limits = book.Steps[i].meaning()
	}
	return book.Text(false)
}

// meaning is what of the limits says which rows are called, and what may come twice.
func (l Limits) meaning() Limits {
	if l.Canary != nil {
		l.Canary = &Canary{Rows: l.Canary.Rows}
	}
	clearPacing(&l)
	return l
}

// clearPacing empties the fields of the options that only say when and how fast a run calls.
func clearPacing(in any) {
	for _, o := range jobs.OptionTable() {
		if f := field(in, o); f.IsValid() && !o.Fixed {
			f.SetZero()
		}
	}
}

// Config says how the rows of a step are made. That of the first step is for files.
func (f *Flow) Config(step int) input.Config {
	cfg := f.configs[step]
	cfg.Later = f.configs[step+1:]
	return cfg
}

func (f *Flow) config(step int) input.Config {
	s := f.Steps[step]
	cfg := input.Config{Step: s.Name, Op: string(s.Op), Where: s.Where, Vars: f.Vars, Delimiter: f.Delimiter, Encoding: f.Encoding, Sheet: f.Sheet, PhoneCountry: f.PhoneCountry, Adds: f.adds(step)}
	for _, column := range slices.Sorted(maps.Keys(f.Map)) {
		if path := f.Map[column]; !slices.Contains(cfg.Adds, path) { // else later steps have it under its own name
			cfg.Map = append(cfg.Map, input.Mapping{Column: column, Path: path})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s.Set)) {
		cfg.Set = append(cfg.Set, input.Setting{Path: path, Value: s.Set[path]})
	}
	for _, made := range [...]struct{ path, name string }{{clientID, f.client(step)}, {conversationID, f.conversation(step)}} {
		given := func(set input.Setting) bool { return strings.EqualFold(set.Path, made.path) }
		if made.name != "" && !slices.ContainsFunc(cfg.Set, given) {
			cfg.Set = append(cfg.Set, input.Setting{Path: made.path, Value: "${" + made.name + "}"})
		}
	}
	cfg.Set = append(cfg.Set, input.Setting{Path: "op", Value: string(s.Op)}) // whatever a column op says
	return cfg
}

const (
	clientID       = "clientId"
	conversationID = "target.conversationId"
)

// conversation names the conversation that a step is about when the runbook does not say: what an earlier step made or found.
func (f *Flow) conversation(step int) string {
	o, err := jobs.FindOperation(string(f.Steps[step].Op))
	if err != nil || !o.Reads(conversationID) || !slices.Contains(f.adds(step), expression.ConversationID) {
		return ""
	}
	return expression.ConversationID
}

// client names the client that a step is about when the runbook does not say: one that removes takes what a list
// found and never what the runbook has made, any other that reads a clientId takes what was made.
func (f *Flow) client(step int) string {
	adds := f.adds(step)
	o, err := jobs.FindOperation(string(f.Steps[step].Op))
	if err != nil || !o.Reads(clientID) {
		return ""
	}
	client := expression.CreatedID
	if o.Removes {
		client = clientPrefix + "id"
	}
	if !slices.Contains(adds, client) {
		return ""
	}
	return client
}

// adds are the columns that the records of a step have besides those of the runbook's input.
func (f *Flow) adds(step int) []string {
	if step == 0 {
		return nil
	}
	listed, created, conversed := false, false, false
	for _, s := range f.Steps[:step] {
		conversed = conversed || s.Op.Converses()
		listed = listed || s.Op.Finds()
		created = created || s.Op.Creates()
	}
	adds := []string{"user", "brandId"}
	if listed {
		for _, name := range expression.ClientNames() {
			adds = append(adds, clientPrefix+name)
		}
	}
	if created {
		adds = append(adds, expression.CreatedID, expression.CreatedStatus)
	}
	if conversed {
		adds = append(adds, expression.ConversationID)
	}
	return adds
}

// What steps found stands in columns that begin so.
const (
	clientPrefix  = "client."
	createdPrefix = "created."
)
