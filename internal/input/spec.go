package input

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/jobs"
)

// Rules is the version of how rows are made of an input. It is raised with each change by which the same input and Spec give other rows, or
// reject others: a job that was queued in part by other rules cannot be queued to its end.
const Rules = 3

// Spec says how rows are read, as people write it down. The same files with the same Spec give the same rows.
type Spec struct {
	Op              string   // of rows that name none
	Set             []string // PATH=VALUE
	Map             []string // COLUMN=PATH
	Delimiter       string   // of CSV, as ParseDelimiter reads it; empty = found out
	Encoding        string   // of files without a byte order mark, as ParseEncoding reads it; empty = UTF-8
	Sheet           string   // of workbooks, by name or number from 1; empty = the only one that is shown and holds something
	PhoneCountry    string   // of phone numbers without a country code, such as ES; empty = all have one
	Where           string
	Vars            []string // NAME=VALUE
	Now             string   // RFC 3339, from which expressions count ages; empty = when the job is made
	AllowDuplicates bool
}

// Config is the Spec as Open takes it. Its error is a *jobs.OptionError.
func (s Spec) Config() (Config, error) {
	cfg := Config{Op: s.Op, Delimiter: s.Delimiter, Encoding: s.Encoding, Sheet: s.Sheet, PhoneCountry: s.PhoneCountry, Where: s.Where, AllowDuplicates: s.AllowDuplicates}
	var err error
	if cfg.Vars, err = ParseVars(s.Vars); err != nil {
		return cfg, err
	}
	for _, text := range s.Set {
		path, value, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return cfg, &jobs.OptionError{Option: "set", Cause: fmt.Sprintf("%q is not PATH=VALUE", text), Hint: "e.g. confirmation.type=immediate"}
		}
		cfg.Set = append(cfg.Set, Setting{Path: path, Value: value})
	}
	for _, text := range s.Map {
		at := strings.LastIndexByte(text, '=')
		if at < 1 || at == len(text)-1 {
			return cfg, &jobs.OptionError{Option: "map", Cause: fmt.Sprintf("%q is not COLUMN=PATH", text), Hint: "e.g. mobile=phoneNumber"}
		}
		cfg.Map = append(cfg.Map, Mapping{Column: text[:at], Path: text[at+1:]})
	}
	return cfg, nil
}

// ParseVars reads variables, each a NAME=VALUE. Its error is a *jobs.OptionError.
func ParseVars(texts []string) (map[string]string, error) {
	vars := map[string]string{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || !expression.IsVariable(name) {
			return nil, &jobs.OptionError{Option: "var", Cause: fmt.Sprintf("%q is not NAME=VALUE", text), Hint: "a name has letters, digits and _, e.g. country=34"}
		}
		if _, twice := vars[name]; twice {
			return nil, &jobs.OptionError{Option: "var", Cause: "gives " + name + " twice"}
		}
		vars[name] = value
	}
	return vars, nil
}

// Filter is the Spec as the options of a job keep it. Its error is a *jobs.OptionError.
func (s Spec) Filter() (jobs.Filter, error) {
	f := jobs.Filter{Where: s.Where}
	vars, err := ParseVars(s.Vars)
	if err != nil {
		return f, err
	}
	if len(vars) > 0 {
		text, err := json.Marshal(vars) // maps are written in the order of their keys
		if err != nil {
			return f, err
		}
		f.Vars = string(text)
	}
	if s.Now != "" {
		now, err := time.Parse(time.RFC3339, s.Now)
		if err != nil {
			return f, &jobs.OptionError{Option: "now", Cause: fmt.Sprintf("%q is not a time such as 2026-11-22T00:00:00Z", s.Now)}
		}
		f.Now = now.UTC().Format(time.RFC3339Nano)
	}
	return f, nil
}

// Evaluates tells whether there are expressions.
func (s Spec) Evaluates() bool {
	return s.Where != "" || slices.ContainsFunc(s.Set, func(text string) bool { return strings.Contains(text, "${") })
}

// Settings are the Spec by name: a job that goes on must have the same.
func (s Spec) Settings() map[string]string {
	settings := map[string]string{
		"op":               s.Op,
		"set":              strings.Join(s.Set, "\n"),
		"map":              strings.Join(s.Map, "\n"),
		"where":            s.Where,
		"var":              strings.Join(s.Vars, "\n"),
		"now":              s.Now,
		"allow-duplicates": strconv.FormatBool(s.AllowDuplicates),
	}
	if s.Delimiter != "" { // or jobs that were begun before there was such a setting could not go on
		settings["delimiter"] = s.Delimiter
	}
	if name, err := ParseEncoding(s.Encoding); err == nil && name != "" {
		settings["encoding"] = name
	}
	if s.Sheet != "" {
		settings["sheet"] = s.Sheet
	}
	if s.PhoneCountry != "" {
		settings["phone-country"] = strings.ToUpper(s.PhoneCountry)
	}
	return settings
}

// Effective are the settings without those that change no row of the files that r has opened: they make no other input. The
// encoding and the country of phone numbers do not count either: an operator who adds one after half of the rows are done must not run those twice (I2).
func (s Spec) Effective(r *Reader) map[string]string {
	uses := r.Uses()
	s.Encoding, s.PhoneCountry, s.Sheet = "", "", r.sheets()
	if r.NamesOps() {
		s.Op = ""
	}
	if !uses.Time {
		s.Now = ""
	}
	s.Vars = slices.DeleteFunc(slices.Clone(s.Vars), func(text string) bool {
		name, _, _ := strings.Cut(text, "=")
		return !slices.Contains(uses.Vars, name)
	})
	return s.Settings()
}

// Fingerprint tells the rows that settings make of the files from others.
func (fs *Files) Fingerprint(settings map[string]string) (string, error) {
	inputs, err := fs.Digest()
	if err != nil {
		return "", err
	}
	if fs.Pipe() != "" {
		return jobs.PipeFingerprint(inputs, settings), nil
	}
	return jobs.Fingerprint(inputs, settings), nil
}
