package phone

import "regexp"

// trunk is what is dialled before a number within a region, and is no part of it.
type trunk struct {
	expression *regexp.Regexp // nil = nothing is
	as         string         // what stands in its place
	shape      *automaton     // of the numbers there
}

func newTrunk(r *region) *trunk {
	t := &trunk{as: r.bareAs, shape: compile(r.shape)}
	if r.bare != "" {
		t.expression = regexp.MustCompile("^(?:" + r.bare + ")")
	}
	return t
}

// cut takes it off, unless a possible number would become an impossible one.
func (t *trunk) cut(digits string) string {
	if t.expression == nil {
		return digits
	}
	at := t.expression.FindStringSubmatchIndex(digits)
	if at == nil {
		return digits
	}
	rest := digits[at[1]:]
	if t.as != "" && at[len(at)-2] >= 0 { // the last group is there
		rest = t.expression.ReplaceAllString(digits, t.as)
	}
	if t.shape.matches(digits) && !t.shape.matches(rest) {
		return digits
	}
	return rest
}
