package runbook

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/jobs"
)

const (
	maxSteps = 20
	maxName  = 60 // bytes
)

// nameForm keeps a name safe in a Redis key and a file's name.
var nameForm = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func checkName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("has %d characters, more than %d", len(name), maxName)
	case !nameForm().MatchString(name):
		return hinted{quote(name) + " is not a name", "it has letters, digits, - and _, and begins with a letter or digit"}
	}
	return nil
}

func notEmpty(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("is empty")
	}
	return nil
}

// checkInput refuses what may hold a key, for a runbook is kept in Redis (I7), and what can be read only once.
func checkInput(name string) error {
	if name == "-" {
		return hinted{"is standard input, and a runbook counts its input before it runs", "name a file"}
	}
	u, err := url.Parse(name)
	if err == nil && u.Host != "" && (u.User != nil || u.RawQuery != "") {
		return hinted{"is a URL with a user or a query, which may hold a key, and a runbook is kept in Redis", "give one without"}
	}
	return notEmpty(name)
}

// checkZone refuses the zone of the machine, which differs between workers.
func checkZone(name string) error {
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return fmt.Errorf("%s is not a time zone such as Europe/Madrid", quote(name))
	}
	return nil
}

// checkShare refuses a share of nothing, which would be no cap.
func checkShare(text string) error {
	share, err := jobs.ParseShare(text)
	if err == nil && share == 0 {
		return hinted{"is not more than 0%", "leave it out for no cap"}
	}
	return err
}

// events are what a runbook can report. It never changes.
var events = []string{"finished", "paused", "cancelled", "stalled", "rolled_back", "not_started"}

// Events returns the events that notify may name.
func Events() []string { return events }

func checkEvent(name string) error {
	if !slices.Contains(events, name) {
		return hinted{quote(name) + " is not one of " + strings.Join(events, ", "), near(name, events)}
	}
	return nil
}

// columnPath completes the name of a column.
func columnPath(name string) (string, error) {
	path, err := input.FindPath(name)
	if e, ok := errors.AsType[*input.Error](err); ok {
		return "", hinted{quote(name) + " is a column which " + e.Cause, e.Hint}
	}
	return path, err
}

// mapPath completes the path that the input's column is mapped to.
func mapPath(column, path string) (string, error) {
	full, err := columnPath(path)
	if e, ok := errors.AsType[hinted](err); ok {
		if _, no := input.FindPath(column); no == nil {
			return "", hinted{e.cause, "map is COLUMN: PATH; did you mean " + path + ": " + column + "?"}
		}
	}
	return full, err
}

// anyColumn takes the name of a column as the input has it.
func anyColumn(name string) (string, error) { return name, notEmpty(name) }

func anyText(_, text string) (string, error) { return text, nil }
