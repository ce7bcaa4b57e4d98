package runbook

import (
	"cmp"
	"maps"
	"slices"
)

// Variables returns the values of all variables: those that are given, else those of the runbook. A variable
// without a value, and a given one that the runbook does not declare, is an *Error.
func (r *Runbook) Variables(given map[string]string) (map[string]string, error) {
	values := map[string]string{}
	var problems []Problem
	declared := slices.Sorted(maps.Keys(r.Vars))
	for _, name := range declared {
		value, ok := given[name]
		switch {
		case ok:
			values[name] = value
		case r.Vars[name] != nil:
			values[name] = *r.Vars[name]
		default:
			problems = append(problems, r.problem("vars."+name, "has no value", "give it by --var "+name+"=VALUE"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(declared, name) {
			problems = append(problems, r.problem("vars", name+" is given, and the runbook has no such variable", cmp.Or(near(name, declared), "declare "+name+" under vars:")))
		}
	}
	return values, newError(r.source(), problems)
}
