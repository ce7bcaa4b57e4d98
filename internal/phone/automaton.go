package phone

import (
	"encoding/binary"
	"fmt"
	"regexp/syntax"
	"slices"
)

// automaton tells whether digits as a whole match a pattern, in one look-up for each digit, where an expression of
// regexp takes about a microsecond for a number.
type automaton struct {
	next  [][10]uint16 // the state after a digit, by state; dead and start are the first ones
	final []bool       // whether what led to a state matches, by state
}

const (
	dead = iota
	start
)

// compile makes the automaton of a pattern of the table, by subset construction.
func compile(pattern string) *automaton {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil { // the tests compile every pattern
		panic(fmt.Errorf("a pattern of phone numbers: %w", err))
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		panic(fmt.Errorf("a pattern of phone numbers: %w", err))
	}
	takes := digitsTaken(program)
	r := reacher{program: program, seen: make([]int, len(program.Inst)), turn: 1}
	a := &automaton{next: make([][10]uint16, start+1), final: make([]bool, start+1)}
	states := map[string]uint16{"": dead}
	sets := [][]uint32{nil, nil}
	add := func(set []uint32) uint16 {
		key := key(set)
		state, ok := states[key]
		if !ok {
			state = uint16(len(sets))
			states[key], sets, a.next = state, append(sets, set), append(a.next, [10]uint16{})
			a.final = append(a.final, slices.ContainsFunc(set, func(at uint32) bool { return program.Inst[at].Op == syntax.InstMatch }))
		}
		return state
	}
	sets[start] = r.reach(nil, uint32(program.Start))
	states[key(sets[start])] = start
	for state := uint16(start); int(state) < len(sets); state++ {
		for digit := range 10 {
			var set []uint32
			r.turn++
			for _, at := range sets[state] {
				if takes[at]&(1<<digit) != 0 {
					set = r.reach(set, program.Inst[at].Out)
				}
			}
			slices.Sort(set)
			a.next[state][digit] = add(set)
		}
	}
	return a
}

// digitsTaken returns by instruction which digits it takes: bit n for n.
func digitsTaken(program *syntax.Prog) []uint16 {
	takes := make([]uint16, len(program.Inst))
	for at := range program.Inst {
		switch i := &program.Inst[at]; i.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			for digit := range rune(10) {
				if i.MatchRune('0' + digit) {
					takes[at] |= 1 << digit
				}
			}
		}
	}
	return takes
}

// reacher finds the instructions that are reached without a digit.
type reacher struct {
	program *syntax.Prog
	seen    []int // the turn in which an instruction was added to the set
	turn    int
}

// reach adds to a set of instructions those that are reached from one.
func (r *reacher) reach(set []uint32, at uint32) []uint32 {
	if r.seen[at] == r.turn {
		return set
	}
	r.seen[at] = r.turn
	set = append(set, at)
	switch i := &r.program.Inst[at]; i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return r.reach(r.reach(set, i.Out), i.Arg)
	case syntax.InstCapture, syntax.InstNop:
		return r.reach(set, i.Out)
	}
	return set
}

func key(set []uint32) string {
	var b []byte
	for _, at := range set {
		b = binary.LittleEndian.AppendUint32(b, at)
	}
	return string(b)
}

// matches tells whether digits, which are nothing else, match as a whole.
func (a *automaton) matches(digits string) bool {
	state := uint16(start)
	for i := range len(digits) {
		state = a.next[state][digits[i]-'0']
	}
	return a.final[state]
}
