package input

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// place is where one input lies.
type place struct {
	name string                   // as people are shown it: without the user, query and fragment of a URL (I7)
	get  getter                   // of what is read over the network; nil for a file and for standard input
	open func() (*os.File, error) // of a plain file within Places; nil for others

	version version // of what is read over the network, when it was found
	first   *remote // the only reading of an object whose version is not known, until it is used

	digested *jobs.Input // what Digest found out of a regular file; nil before
}

// found is a place that a pattern matches.
type found struct {
	*place
	changed time.Time
}

const (
	newestPrefix = "newest:"
	patternSigns = "*?["
)

// find returns the places that an argument of the command line names: a file, standard input, a URL,
// or what matches a pattern, in the order of names. What exists under the very name goes before all else.
func (n *network) find(ctx context.Context, arg string) ([]*place, error) {
	if n.places != nil {
		return n.places.find(ctx, n, arg)
	}
	if arg == "-" {
		return []*place{{name: arg}}, nil
	}
	if _, err := os.Lstat(arg); err == nil {
		return []*place{{name: arg}}, nil
	}
	name, newest := strings.CutPrefix(arg, newestPrefix)
	scheme, rest, remote := strings.Cut(name, "://")
	switch scheme = strings.ToLower(scheme); {
	case remote && scheme == "s3":
		return n.findObjects(ctx, rest, newest)
	case remote && (scheme == "https" || scheme == "http"):
		if newest {
			return nil, &Error{File: newestPrefix + scheme + "://…", Cause: "cannot be found: a web server lists no files", Hint: "name the one to read"}
		}
		return n.findURL(name)
	case remote && !strings.Contains(scheme, "/"):
		return nil, &Error{File: scheme + "://…", Cause: "is of no scheme that can be read", Hint: "give a path, https://HOST/PATH or s3://BUCKET/KEY"}
	case newest || strings.ContainsAny(name, patternSigns):
		return findFiles(name, newest)
	}
	return []*place{{name: arg}}, nil
}

// findFiles returns the files that match a pattern, without folders.
func findFiles(pattern string, newest bool) ([]*place, error) {
	names, err := glob(pattern)
	if errors.Is(err, filepath.ErrBadPattern) {
		return nil, badPattern(pattern)
	}
	if err != nil {
		return nil, &Error{File: pattern, Cause: "a folder under the pattern cannot be read", Err: err, Unavailable: true, Hint: "make it readable, or name the folders to read"}
	}
	var all []found
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			all = append(all, found{&place{name: name}, info.ModTime()})
		}
	}
	return choose(pattern, all, newest)
}

// choose returns all that was found, or the one that was changed last.
func choose(pattern string, all []found, newest bool) ([]*place, error) {
	if len(all) == 0 {
		return nil, &Error{File: pattern, Cause: "matches nothing", Unavailable: true,
			Hint: "check the folder and the pattern: * and ? stand for characters of a name, but not for /"}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(a.name, b.name) })
	if newest {
		last := slices.MaxFunc(all, func(a, b found) int { return cmp.Or(a.changed.Compare(b.changed), cmp.Compare(a.name, b.name)) })
		return []*place{last.place}, nil
	}
	places := make([]*place, len(all))
	for i, f := range all {
		places[i] = f.place
	}
	return places, nil
}

func badPattern(pattern string) error {
	return &Error{File: pattern, Cause: "is not a sound pattern", Hint: "close the [, or put a backslash before it when it is part of a name"}
}
