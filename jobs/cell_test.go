package jobs

import (
	"regexp"
	"strings"
	"testing"
)

func TestDefuseCell(t *testing.T) {
	for cell, want := range map[string]string{
		"":                    "",
		"plain":               "plain",
		"1+1":                 "1+1",
		"a@b.example":         "a@b.example",
		"x; y = z":            "x; y = z",
		"=1+1":                "'=1+1",
		"=HYPERLINK(\"x\")":   "'=HYPERLINK(\"x\")",
		"@SUM(A1)":            "'@SUM(A1)",
		"\t=1":                "'\t'=1",
		"\r=1":                "'\r'=1",
		"\ttext":              "'\ttext",
		"+":                   "'+",
		"-":                   "'-",
		"+12125552368":        "+12125552368",
		"+1 (212) 555.2368":   "+1 (212) 555.2368",
		"+1+A1":               "'+1+A1",
		"+1\n":                "'+1\n",
		"-12.5":               "-12.5",
		"-1+cmd|' /C calc'!A": "'-1+cmd|' /C calc'!A",
		"'":                   "'",
		"'tis":                "'tis",
		"'=1":                 "''=1",
		"''@":                 "'''@",
		"\n=cmd()":            "'\n'=cmd()",
		" \u00a0=cmd()":       "' \u00a0=cmd()",
		"\u200b=cmd()":        "'\u200b=cmd()",
		"\ufeff@SUM(1)":       "'\ufeff@SUM(1)",
		"＝cmd()":              "'＝cmd()",
		"＠SUM(1)":             "'＠SUM(1)",
		"－1＋2":                "'－1＋2",
		`"=cmd()`:             `'"=cmd()`,
		"a;=cmd()":            "'a;'=cmd()",
		"a; \"-x":             "'a;' \"-x",
		"name\n=cmd()":        "'name\n'=cmd()",
		"a|@SUM(1)\t+1":       "'a|'@SUM(1)\t'+1",
		"Tom;'-special'":      "'Tom;''-special'",
		"it's; fine":          "it's; fine",
	} {
		got := DefuseCell(cell)
		if got != want {
			t.Errorf("DefuseCell(%q): got %q, want %q", cell, got, want)
		}
		if got := RestoreCell(got); got != cell {
			t.Errorf("RestoreCell(%q): got %q, want %q", want, got, cell)
		}
	}
}

// What people write themselves is left alone, but for a ' by which their spreadsheet keeps a number as text.
func TestRestoreCell(t *testing.T) {
	for cell, want := range map[string]string{
		"'+12125550101": "+12125550101", "'=a": "=a", "''@b": "'@b", "'c": "'c", "'-": "-", "'\tx": "\tx",
		"Tom;'-special'": "Tom;'-special'", `{"a":"x|'-y"}`: `{"a":"x|'-y"}`, "=1": "=1", "'": "'",
	} {
		if got := RestoreCell(cell); got != want {
			t.Errorf("RestoreCell(%q): got %q, want %q", cell, got, want)
		}
	}
}

// Any cell comes back as it was, and no part of one begins a formula, whichever delimiter the file is opened with.
func FuzzCell(f *testing.F) {
	for _, cell := range []string{"=1", "''+x", "a;\t\"=b|'@", "\r\n＝1\u200b;-", "+1 2", "'\ttext", "\xff;=", "-1;2", "'x,=y", "=x,'=y", "a, @b"} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		got := DefuseCell(cell)
		if restored := RestoreCell(got); restored != cell {
			t.Errorf("%q became %q, which is read as %q", cell, got, restored)
		}
		barred := DefuseCellOf(';', cell)
		if restored := RestoreCell(barred); restored != cell {
			t.Errorf("%q became %q beside semicolons, which is read as %q", cell, barred, restored)
		}
		if part := regexp.MustCompile(`[,;|\t\r\n][ "]*[=@]`).FindString(barred); part != "" {
			t.Errorf("%q became %q beside semicolons, whose part %q may be a formula", cell, barred, part)
		}
		for part := range strings.FieldsFuncSeq(got, func(r rune) bool { return strings.ContainsRune(";|\t\r\n", r) }) {
			bare := strings.TrimLeft(part, " \"\u00a0\u200b\ufeff")
			for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
				if rest, begins := strings.CutPrefix(bare, sign); begins && strings.Trim(rest, "0123456789 ().-") != "" || begins && got != cell {
					t.Errorf("%q became %q, whose part %q may be a formula", cell, got, part)
				}
			}
		}
	})
}

// An id that a proxy can simplify is refused in every place; a slash in an external id is not.
func TestCheckIdentifier(t *testing.T) {
	for _, id := range []string{
		".", "..", "../x", "x/../y", "../../apps/OTHER/users/x", `..\x`, `a\..\b`, "%2e%2e", ".%2E", "..%2fx", "..%5cx", "%252e%252e", "x/%2e", "..;/x", "x/..;v=1",
		"/victim", "victim/", "victim%2f", "%5Cvictim", "//", " .. / x", "%25252525252525252e",
	} {
		row := Row{Op: List, User: id}
		if err := listOperation.CheckRow(&row); err == nil {
			t.Errorf("user %q is accepted", id)
		}
		for _, path := range []string{"brandId", "matchCriteria.integrationId", "target.conversationId", "clientId"} {
			row := Row{Op: List, User: "u"}
			for _, c := range Columns() {
				if c.Path == path {
					*c.Field(&row) = id
				}
			}
			if err := listOperation.CheckRow(&row); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%s %q: got %v", path, id, err)
			}
		}
	}
	for _, id := range []string{"a/b", "https://crm.example/u/7", "...", "a..b", ".a", "a.", "v1.2/x", "100%", "a%20b", "%zz", "ann@mail.example", `DOMAIN\ann`, "a;b"} {
		row := Row{Op: List, User: id}
		if err := listOperation.CheckRow(&row); err != nil {
			t.Errorf("user %q: %v", id, err)
		}
	}
}
