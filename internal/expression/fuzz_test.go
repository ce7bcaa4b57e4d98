package expression

import (
	"errors"
	"testing"
)

// Whatever the text, it compiles or is refused with its place; whatever the values, it gives a
// result or an *Error.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{
		`age(client.lastSeen) > days(90)`, `row.user matches "^a" and len(row.user) in [1, 2]`, `row.columns["a"] + "b" == vars.prefix`,
		`1 % 0 == 1`, `-number(row.user) / 0 > 1`, `"é" startsWith row.user ? true : not false`, `replace(row.user, "", "x") == ""`, `row?.user == ""`,
		`time(row.user) - days(1) < now`, `chat-${row.user}`, `[1] == [row.user]`, `row.user[0] == 1`, `{"a": 1}.a == 1`, `b"x" == row.user`,
	} {
		f.Add(text, "2026-11-22", "42")
	}
	f.Fuzz(func(t *testing.T, text, a, b string) {
		values := func(fields []Field) []string {
			all := make([]string, len(fields))
			for i := range all {
				all[i] = []string{a, b}[i%2]
			}
			return all
		}
		c, err := Compile(Rows(vars), text)
		if err == nil {
			_, err = c.Holds(values(c.Fields()), noon)
		}
		checkError(t, text, err)
		v, err := CompileValue(Rows(vars), text)
		if err == nil {
			_, err = v.Text(values(v.Fields()), noon)
		}
		checkError(t, text, err)
	})
}

func checkError(t *testing.T, text string, err error) {
	if err == nil {
		return
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Cause == "" || e.At < 0 || e.At > len(text)+1 {
		t.Errorf("%q: got %#v", text, err)
	}
}
