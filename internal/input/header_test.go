package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		cfg        Config
		want, hint string // parts of them
	}{
		{"empty", "", Config{Op: "list"}, "-: is empty", "first line"},
		{"white space", " \n\t\r\n", Config{Op: "list"}, "-: is empty", "first line"},
		{"byte order mark alone", "\ufeff", Config{Op: "list"}, "-: is empty", ""},
		{"unknown operation", "user\na\n", Config{Op: "drop"}, `unknown operation "drop"`, ""},
		{"no operation", "user\na\n", Config{}, "-:1: no operation is named", "--op"},
		{"missing columns", "\nuser,phoneNumber,type of it,conversationId\n", Config{Op: "create"}, "-:2: the header has no column for matchCriteria.type, matchCriteria.integrationId, confirmation.type, which create needs", "--set"},
		{"neither of two groups", "user,integrationId\n", Config{Op: "verify"}, "no column for clientId, or matchCriteria.type and matchCriteria.integrationId, which verify needs", "--set"},
		{"slip of the pen", "user,cleintId\n", Config{Op: "remove"}, "no column for clientId", `did you mean clientId by "cleintId"?`},
		{"missing user", "op,clientId\nremove,1\n", Config{}, "no column user", "--map"},
		{"ambiguous", "user,type\n", Config{Op: "create"}, `column "type" is ambiguous`, "matchCriteria.type or confirmation.type"},
		{"twice", "user,brandId,BRAND_ID\n", Config{Op: "list"}, `columns "brandId" and "BRAND_ID" both give brandId`, "--map"},
		{"last and full name", "user,clientId,client-id\n", Config{Op: "remove"}, "both give clientId", ""},
		{"two aliases of user", "userId,externalId\n", Config{Op: "list"}, `columns "userId" and "externalId" both give user`, ""},
		{"two users with op column", "op,user,userId\n", Config{}, `columns "user" and "userId" both give user`, ""},
		{"two op columns", "op,OP,user\n", Config{}, `columns "op" and "OP" both give op`, ""},
		{"set of an unknown path", "user\n", Config{Op: "list", Set: []Setting{{"fone", "1"}}}, `--set names "fone"`, ""},
		{"set near a path", "user\n", Config{Op: "list", Set: []Setting{{"phonenumbr", "1"}}}, `--set names "phonenumbr"`, "did you mean phoneNumber?"},
		{"set of an ambiguous path", "user\n", Config{Op: "list", Set: []Setting{{"type", "1"}}}, "ambiguous", "matchCriteria.type or confirmation.type"},
		{"set twice", "user\n", Config{Op: "list", Set: []Setting{{"brandId", "1"}, {"brand_id", "2"}}}, "--set gives brandId twice", ""},
		{"set against --op", "user\n", Config{Op: "list", Set: []Setting{{"op", "remove"}}}, "different operations", ""},
		{"set against the first record", "user,Brand\na,x\n", Config{Op: "list", Set: []Setting{{"brandId", "y"}}, Map: []Mapping{{"brand", "brandId"}}}, `-:2: column "Brand" and --set give brandId different values`, "--set brandId"},
		{"map of a missing column", "user\n", Config{Op: "list", Map: []Mapping{{"Brand", "brandId"}}}, `no column "Brand", from which --map takes brandId`, ""},
		{"map of a slip of a column", "user,Brand no\n", Config{Op: "list", Map: []Mapping{{"Brand on", "brandId"}}}, `no column "Brand on"`, `did you mean --map "Brand no"=brandId?`},
		{"map the wrong way round", "user,Mobile\n", Config{Op: "list", Map: []Mapping{{"phoneNumber", "Mobile"}}}, `--map names "Mobile", which no operation reads`, "--map is COLUMN=PATH; did you mean --map Mobile=phoneNumber?"},
		{"set of a column", "user,Mobile\n", Config{Op: "list", Set: []Setting{{"Mobile", "1"}}}, `--set names "Mobile"`, ""},
		{"map to an unknown path", "user\n", Config{Op: "list", Map: []Mapping{{"user", "name"}}}, `--map names "name"`, ""},
		{"map to two paths", "user\n", Config{Op: "list", Map: []Mapping{{"a", "user"}, {"A", "brandId"}}}, "both user and brandId", ""},
		{"two maps to one path", "a,b\n", Config{Op: "list", Map: []Mapping{{"a", "user"}, {"b", "user"}}}, `columns "a" and "b" both give user`, ""},
		{"NUL", "us\x00er\na\n", Config{Op: "list"}, "is no text", "UTF-8"},
		{"UTF-16 without a mark", "u\x00s\x00e\x00r\x00\n\x00", Config{Op: "list"}, "is no text", "--encoding utf-16le"},
		{"Latin 1", "user,stra\xdfe\na,b\n", Config{Op: "list"}, "column 2 of the header is not valid UTF-8", "--encoding windows-1252"},
		{"control characters", "user,\x01\x02\n", Config{Op: "list"}, "column 2 of the header holds control characters", ""},
		{"spreadsheet", "PK\x03\x04\x14\x00\x06\x00", Config{Op: "list"}, "is no sound ZIP archive or workbook", "cut off"},
		{"long header", strings.Repeat("user", maxHeader) + "\n", Config{Op: "list"}, "longer than 64 KiB", ""},
		{"quote not closed in the header", "user,\"brandId\n" + strings.Repeat("a,b\n", maxHeader), Config{Op: "list"}, "longer than 64 KiB", "quote"},
		{"stray quote in the header", "user,br\"and\"Id\n", Config{Op: "list"}, "-:1:8: the header has a quote", ""},
		{"cut gzip header", "\x1f\x8b\x08", Config{Op: "list"}, "gzip", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readText(t, test.text, test.cfg)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got error %v, want an *Error", err)
			}
			if got := e.Error(); !strings.Contains(got, test.want) {
				t.Errorf("got error %q, want it to hold %q", got, test.want)
			}
			if !strings.Contains(e.Hint, test.hint) {
				t.Errorf("got hint %q, want it to hold %q", e.Hint, test.hint)
			}
		})
	}
}

func TestOpenRefusesFiles(t *testing.T) {
	good := writeFile(t, "good.csv", []byte("user\na\n"))
	if _, err := openNames(t.Context(), []string{good, t.TempDir() + "/none.csv"}, Config{Op: "list"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got error %v, want one that is fs.ErrNotExist", err)
	}
	for name, names := range map[string][]string{"is a directory": {good, t.TempDir()}, "once only": {"-", "-"}} {
		_, err := openNames(t.Context(), names, Config{Op: "list", Stdin: strings.NewReader("user\n")})
		if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("got error %v, want an *Error that says %q", err, name)
		}
	}
	broken := io.MultiReader(strings.NewReader("user,bra"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := openNames(t.Context(), []string{"-"}, Config{Op: "list", Stdin: broken}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken header: got error %v, want one that is io.ErrClosedPipe", err)
	}
	if _, err := openNames(t.Context(), []string{"-"}, Config{Op: "list"}); err == nil {
		t.Error("no standard input: got no error")
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct {
		name, text string
		cfg        Config
		want       []string
	}{
		{"nothing to say", "row,user,line,Outcome,http_status,lastSeen,\na\n", Config{Op: "list"}, nil},
		{"unknown", "user,colour\na,red\n", Config{Op: "list"}, []string{`column "colour" is not read`}},
		{"near", "op,user,fone,phoneNumbr,brnadId\nlist,a\n", Config{}, []string{
			`column "fone" is not read`,
			`column "phoneNumbr" is not read; did you mean phoneNumber?`,
			`column "brnadId" is not read; did you mean brandId?`,
		}},
		{"known but not read by the operation", "user,phoneNumber\na,+1\n", Config{Op: "list"}, []string{`column "phoneNumber" is not read by list`}},
		{"known and read by some operation", "op,user,phoneNumber\nlist,a,+1\n", Config{}, nil},
		{"put aside by --map", "user,brandId,b\na,1,2\n", Config{Op: "list", Map: []Mapping{{"b", "brandId"}}}, []string{
			`column "brandId" is not read: another column or --map gives brandId`,
		}},
		{"type beside both full names", "user,type,matchCriteria.type,confirmation.type,integrationId,conversationId\n", Config{Op: "create"}, nil},
		{"JSON says it once", `{"user":"a","colour":1,"size":{"x":1}}` + "\n" + `{"user":"b","size":{"x":2},"colour":1}`, Config{Op: "list"}, []string{
			`column "colour" is not read`, `column "size.x" is not read`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readText(t, test.text, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWarningsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3 * maxRemarks {
		fmt.Fprintf(&b, "{\"user\":\"%d\",\"new name %d\":1}\n", i, i)
	}
	got, err := readText(t, b.String(), Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(got.warnings), maxRemarks; got != want {
		t.Errorf("got %d warnings, want %d", got, want)
	}
}

// However a name of the contract is written, it is the same name.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"phoneNumber", "PHONE_NUMBER", " phone-number ", "matchCriteria.type", "type", "\ufeffuser", ""} {
		f.Add(name)
	}
	v := newVocabulary()
	f.Fuzz(func(t *testing.T, name string) {
		normal := normalise(name)
		if got := normalise(strings.ToUpper(normal)); len(v.paths[normal]) > 0 && got != normal {
			t.Errorf("normalise %q: got %q in capitals and %q", name, got, normal)
		}
		if got := normalise("_" + name + "- "); len(v.paths[normal]) > 0 && got != normal {
			t.Errorf("normalise %q: got %q with marks around it and %q", name, got, normal)
		}
		if near := v.near(name); near != "" && len(v.paths[normalise(near)]) == 0 {
			t.Errorf("near %q: got %q, which is no name", name, near)
		}
	})
}

// A record whose first cell has a digit is taken for no header without a look at the names.
func TestNoKnownNameHasADigit(t *testing.T) {
	for name := range newVocabulary().paths {
		if hasDigit(name) {
			t.Errorf("%s has one", name)
		}
	}
}
