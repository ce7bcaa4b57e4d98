package runbook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// Options returns the options of the job of a step, from 0, as the flags of the same names would give them. Its
// error is an *Error.
func (r *Runbook) Options(step int) (jobs.Options, error) {
	o, wrong := r.options(step)
	problems := make([]Problem, len(wrong))
	for i, w := range wrong {
		problems[i] = r.problem(r.optionPath(step, w.Option), w.Cause, w.Hint)
	}
	return o, newError(r.source(), problems)
}

func (r *Runbook) options(step int) (jobs.Options, []*jobs.OptionError) {
	o, own, all := jobs.Defaults(), r.Steps[step].Limits, r.Limits
	o.App = r.App
	if own.Canary != nil {
		all.Canary = nil // also its wait
	}
	var wrong []*jobs.OptionError
	for _, option := range jobs.OptionTable() {
		text := cmp.Or(fieldText(&own, option), fieldText(&all, option), fieldText(r, option))
		if text == "" || option.Name == "timezone" && r.Window == "" { // which is the schedule's then
			continue
		}
		if e, ok := errors.AsType[*jobs.OptionError](option.Set(&o, text)); ok {
			wrong = append(wrong, e)
		}
	}
	return o, append(wrong, o.Check()...)
}

// field returns the field that holds an option in a struct of a runbook, by its name in JSON. It is invalid where there is none, and where
// it is of a canary that is not given.
func field(in any, o jobs.Option) reflect.Value {
	s := reflect.ValueOf(in).Elem()
	key := o.Key()
	if l, ok := in.(*Limits); ok && (key == "canary" || strings.HasPrefix(key, "canary.")) {
		s = reflect.ValueOf(l.Canary).Elem()
		key = cmp.Or(strings.TrimPrefix(strings.TrimPrefix(key, "canary"), "."), "rows")
	}
	if !s.IsValid() {
		return reflect.Value{}
	}
	for i := range s.NumField() {
		if name, _, _ := strings.Cut(s.Type().Field(i).Tag.Get("json"), ","); name == key {
			return s.Field(i)
		}
	}
	return reflect.Value{}
}

// setField sets the field of an option to a text that the option has written.
func setField(in any, o jobs.Option, text string) error {
	f := field(in, o)
	if !f.IsValid() {
		return fmt.Errorf("%T has no field for the option %s", in, o.Name)
	}
	if f.Kind() == reflect.String || o.Type == jobs.TimeOption {
		text = strconv.Quote(text)
	}
	return json.Unmarshal([]byte(text), f.Addr().Interface())
}

// fieldText returns what the field of an option holds, or nothing where none is given.
func fieldText(in any, o jobs.Option) string {
	f := field(in, o)
	if !f.IsValid() || f.IsZero() && (f.Kind() == reflect.Pointer || o.Name != "canary") {
		return ""
	}
	text, _ := json.Marshal(f.Interface()) // of a number or a text
	if unquoted, err := strconv.Unquote(string(text)); err == nil {
		return unquoted
	}
	return string(text)
}

// optionPath is where a runbook says an option of a step: in the step, or for all of them.
func (r *Runbook) optionPath(step int, option string) string {
	key := jobs.Option{Name: option}.Key()
	if own := fmt.Sprintf("steps[%d].%s", step, key); r.stated(own) == own {
		return own
	}
	return key
}

// source names the runbook in errors.
func (r *Runbook) source() string { return cmp.Or(r.file, "runbook") }

// problem makes one of a path's place.
func (r *Runbook) problem(path, cause, hint string) Problem {
	line, column := r.Place(path)
	return Problem{Line: line, Column: column, Path: path, Cause: cause, Hint: hint}
}
