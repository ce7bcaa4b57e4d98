package jobs

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Option is an option of a job, declared once in OptionTable: flags, runbooks, plans, reports and jobs that go on read it there.
type Option struct {
	Name     string     // of its flag, such as max-failures
	Help     string     // one line
	Type     OptionType // of the texts that it takes
	Choices  []string   // all of those texts; nil = any of the type
	Least    float64    // of a number, a whole number or the seconds of a time
	Most     float64    // 0 = no bound
	Topic    Topic      // where help lists it
	Scope    OptionScope
	Fixed    bool   // it says what is done, and to which rows: a job that is there keeps it
	Optional bool   // reports leave it out while it is zero
	Zero     string // what no value, or 0, means to people
	Unit     string // of a number
	Hint     string // what to do about a text that it does not take

	text   func(o *Options) string
	set    func(o *Options, text string) error
	take   func(o, from *Options)
	broken func(o *Options) (cause, hint string) // what its bounds do not tell; nil = nothing
}

// OptionType is how the text of an option is read; its value is the word that help shows.
type OptionType string

// The types of options.
const (
	NumberOption OptionType = "float64"
	WholeOption  OptionType = "int"
	TimeOption   OptionType = "duration"
	TextOption   OptionType = "string"
)

// Topic is what a flag is about; its value is the title under which help lists it.
type Topic string

// The topics of a job's options, and that of what says which rows there are.
const (
	InputTopic   Topic = "Rows"
	PaceTopic    Topic = "Pace and time"
	FailureTopic Topic = "Failures"
)

// OptionScope is where a runbook gives an option.
type OptionScope int

// The scopes of options.
const (
	NotInRunbook OptionScope = iota
	ForAllSteps              // at the top of the runbook
	ForEachStep              // there, or in a step in place of that
)

// Key is the option's name in a runbook: its path, with canary-wait as canary.wait and max-failures as max_failures.
func (o Option) Key() string {
	return strings.ReplaceAll(strings.Replace(o.Name, "canary-", "canary.", 1), "-", "_")
}

// JSONName is the option's name in summary.json, such as maxFailures.
func (o Option) JSONName() string {
	words := strings.Split(o.Name, "-")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// Text writes the option as Set reads it.
func (o Option) Text(of *Options) string { return o.text(of) }

// IsZero tells whether the option is not given, or 0.
func (o Option) IsZero(of *Options) bool { return slices.Contains([]string{"", "0", "0s"}, o.Text(of)) }

// Words writes the option for people; empty when it is not given.
func (o Option) Words(of *Options) string {
	if o.IsZero(of) {
		return o.Zero
	}
	return strings.TrimSpace(o.Text(of) + " " + o.Unit)
}

// Set reads the option. Its error is an *OptionError; whether the value is within its bounds is for Options.Check to say.
func (o Option) Set(to *Options, text string) error {
	if err := o.set(to, text); err != nil {
		return &OptionError{o.Name, err.Error(), o.Hint}
	}
	return nil
}

// Read returns a text as Text writes it, or what is wrong with it, whatever the other options are.
func (o Option) Read(text string) (string, *OptionError) {
	to := Defaults()
	if err := o.set(&to, text); err != nil {
		return "", &OptionError{o.Name, err.Error(), o.Hint}
	}
	if wrong := o.check(&to); wrong != nil {
		return "", wrong
	}
	return o.Text(&to), nil
}

// check returns what is wrong with the option, or nil.
func (o Option) check(of *Options) *OptionError {
	cause, hint := "", o.Hint
	switch {
	case o.outOfBounds(of):
		cause = o.bounds()
	case o.broken != nil:
		var own string
		cause, own = o.broken(of)
		hint = cmp.Or(own, hint)
	}
	if cause == "" {
		return nil
	}
	return &OptionError{o.Name, cause, hint}
}

func (o Option) outOfBounds(of *Options) bool {
	var v float64
	switch text := o.text(of); o.Type {
	case TextOption:
		return false
	case TimeOption:
		d, _ := time.ParseDuration(text) // as it was written by text
		v = d.Seconds()
	default:
		v, _ = strconv.ParseFloat(text, 64)
	}
	return !(v >= o.Least && (o.Most == 0 || v <= o.Most))
}

// bounds says that a value is out of them.
func (o Option) bounds() string {
	switch {
	case o.Most != 0:
		return fmt.Sprintf("is not between %s and %s", writeNumber(o.Least), strconv.FormatFloat(o.Most, 'f', -1, 64))
	case o.Least == 0:
		return "is negative"
	case o.Type == TimeOption:
		return "is not a positive time such as 30s"
	}
	return "is less than " + writeNumber(o.Least)
}

// FindOption returns the option of a name in the table.
func FindOption(name string) (Option, bool) {
	i := slices.IndexFunc(OptionTable(), func(o Option) bool { return o.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return OptionTable()[i], true
}

// as makes the option one of a field that is read and written as text.
func as[T any](o Option, field func(*Options) *T, parse func(string) (T, error), write func(T) string) Option {
	o.text = func(of *Options) string { return write(*field(of)) }
	o.set = func(to *Options, text string) error {
		v, err := parse(text)
		if err == nil {
			*field(to) = v
		}
		return err
	}
	o.take = func(to, from *Options) { *field(to) = *field(from) }
	return o
}

func number(field func(*Options) *float64, o Option) Option {
	o.Type = NumberOption
	return as(o, field, parser("a number", func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }), writeNumber)
}

func whole(field func(*Options) *int, o Option) Option {
	o.Type = WholeOption
	return as(o, field, parser("a whole number", strconv.Atoi), strconv.Itoa)
}

func span(field func(*Options) *time.Duration, o Option) Option {
	o.Type = TimeOption
	return as(o, field, parser("a time such as 90s or 2h", time.ParseDuration), time.Duration.String)
}

func words(field func(*Options) *string, o Option) Option {
	same := func(s string) string { return s }
	o.Type = TextOption
	return as(o, field, func(s string) (string, error) { return s, nil }, same)
}

// choice is one of a few words; standard is the one that no word means.
func choice[T ~string](field func(*Options) *T, o Option, standard T, all ...T) Option {
	o.Type = TextOption
	for _, c := range all {
		o.Choices = append(o.Choices, string(c))
	}
	return as(o, field, func(s string) (T, error) {
		if !slices.Contains(all, T(s)) {
			return "", fmt.Errorf("%q is not one of %s", shorten(s, 40), strings.Join(o.Choices, ", "))
		}
		return T(s), nil
	}, func(v T) string { return string(cmp.Or(v, standard)) })
}

// parser makes the error of a parse one for people.
func parser[T any](want string, parse func(string) (T, error)) func(string) (T, error) {
	return func(s string) (T, error) {
		v, err := parse(s)
		if err != nil {
			err = fmt.Errorf("%q is not %s", shorten(s, 40), want)
		}
		return v, err
	}
}

func writeNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
