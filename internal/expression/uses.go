package expression

// Uses is what an expression's result depends on besides the fields that it reads.
type Uses struct {
	Time bool     // the time from which it counts ages
	Vars []string // names of variables; one may be there several times
}

// And returns what either of two expressions uses.
func (u Uses) And(other Uses) Uses {
	return Uses{u.Time || other.Time, append(u.Vars[:len(u.Vars):len(u.Vars)], other.Vars...)}
}

// Uses returns what the condition depends on besides its fields.
func (c *Condition) Uses() Uses { return c.uses }

// Uses returns what the value depends on besides its fields.
func (v *Value) Uses() Uses {
	var all Uses
	for _, p := range v.parts {
		if p.program != nil {
			all = all.And(p.program.uses)
		}
	}
	return all
}
