package input

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What spreadsheets and joined exports do to a file is read through: no row is lost, and none made up.
func TestDamagedFilesAreRead(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		cfg  Config
		want string
	}{
		"sep":                       {"sep=;\nuser;brandId\na;x\n", Config{}, "1:3 list user=a brandId=x"},
		"quoted sep with CRLF":      {"\"SEP=|\"\r\nuser|brandId\r\na,b|x\r\n", Config{}, "1:3 list user=a,b brandId=x"},
		"sep behind a mark":         {"\ufeffsep=\t\nuser\tbrandId\na\tx\n", Config{}, "1:3 list user=a brandId=x"},
		"commas in a ; header":      {"user;Address (street, no, zip, city);brandId\na;b, c;x\n", Config{}, "1:2 list user=a brandId=x"},
		"semicolons in a , header":  {"Note (a;b;c),user,brandId\n-,a,x\n", Config{}, "1:2 list user=a brandId=x"},
		"delimiter asked for":       {"user|Note;one;two;three\na|b\n", Config{Delimiter: "|"}, "1:2 list user=a"},
		"delimiter before sep":      {"sep=;\nuser|brandId\na|x\n", Config{Delimiter: "|"}, "1:3 list user=a brandId=x"},
		"zero width":                {"\u200buser,brand\u200c\u2060Id\na,x\n", Config{}, "1:2 list user=a brandId=x"},
		"no-break space":            {"User\u00a0Id,Brand\u202fId\na,x\n", Config{}, "1:2 list user=a brandId=x"},
		"line break in a name":      {"user,\"Brand\r\nId\"\na,x\n", Config{}, "1:3 list user=a brandId=x"},
		"all names quoted":          {"\"user\",\"brandId\"\n\"a\",\"x\"\n", Config{}, "1:2 list user=a brandId=x"},
		"marks":                     {"\ufeff\ufeff\"user\",brandId\n\ufeffa,x\n\ufeff\"b\",y\n", Config{}, "1:2 list user=a brandId=x\n2:3 list user=b brandId=y"},
		"empty columns at the end":  {"user,brandId,,\na,x,,\nb,y\nc,z,,,,\n", Config{}, "1:2 list user=a brandId=x\n2:3 list user=b brandId=y\n3:4 list user=c brandId=z"},
		"empty cells behind header": {"user,brandId\na,x,,\nb,y, ,\n", Config{}, "1:2 list user=a brandId=x\n2:3 list user=b brandId=y"},
		"empty rows":                {",,\nuser,brandId\n,\na,x\n , \n,,,\nb,y\n,", Config{}, "1:4 list user=a brandId=x\n2:7 list user=b brandId=y"},
		"header again":              {"user,brandId\na,x\nuser,brandId\nb,y\n", Config{}, "1:2 list user=a brandId=x\n2:4 list user=b brandId=y"},
		"header spelt otherwise":    {"User Id;Brand_Id\na;x\n\ufeffuser id; BRAND-ID \nb;y\n", Config{}, "1:2 list user=a brandId=x\n2:4 list user=b brandId=y"},
		"header of one column":      {"user\na\nUSER\nb\n", Config{}, "1:2 list user=a\n2:4 list user=b"},
		"header behind the header":  {"user,brandId\nuser,brandId\nb,y\n", Config{}, "1:3 list user=b brandId=y"},
		"end of file under DOS":     {"user,brandId\r\na,x\r\n\x1a", Config{}, "1:2 list user=a brandId=x"},
		"bare returns":              {"user\nu1\ru2\ru3", Config{}, "1:2 list user=u1\n2:3 list user=u2\n3:4 list user=u3"},
		"bare returns everywhere":   {"user,brandId\ra,x\rb,y\r", Config{}, "1:2 list user=a brandId=x\n2:3 list user=b brandId=y"},
		"bare returns and quotes":   {"\"user\",\"brandId\"\r\"a\rb\",x\r\"c\",\"y\"\rd,\"z\"", Config{}, "1:2 list user=a\rb brandId=x\n2:3 list user=c brandId=y\n3:4 list user=d brandId=z"},
		"two returns":               {"user,brandId\r\r\na,x\r\r\n\"b\",y\r\r\n\"c\",\"z\"\r\r\n", Config{}, "1:2 list user=a brandId=x\n2:3 list user=b brandId=y\n3:4 list user=c brandId=z"},
		"return within a row":       {"user,brandId\na\rb,x\nc,y\n", Config{}, "1:2 rejected \"\" has 1 cell, the header has 2, and a carriage return without a line feed stands beside it; quote a cell that holds a line break\n2:3 list user=b brandId=x\n3:4 list user=c brandId=y"},
	} {
		t.Run(name, func(t *testing.T) {
			test.cfg.Op = "list"
			got, err := readText(t, test.text, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(test.want, "\n"), got.told()); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// Rows below another header would be read with columns of the first: people would get each other's numbers.
func TestOtherHeaderEndsTheFile(t *testing.T) {
	for _, header := range []string{"brandId,user,Note", "externalId,brandId,address", "op,user,brandId"} {
		got, err := readText(t, "user,brandId,Note\na,x,1\n"+header+"\nb,y,2\n", Config{Op: "list"})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"1:2 list user=a brandId=x", `2:3 rejected "" reading stopped here: another header begins here, with other columns: the file is several files joined`}
		if diff := cmp.Diff(want, got.told()); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", header, diff)
		}
	}
}

func TestMissingColumnsTellWhatWasSeen(t *testing.T) {
	for _, test := range []struct {
		text string
		cfg  Config
		want string
	}{
		{"Kunde;Marke\na;x\n", Config{Op: "list"}, `columns found with delimiter ";": "Kunde", "Marke" (--delimiter sets another)`},
		{"user,a:b:c\n1,2\n", Config{Op: "remove"}, `columns found with delimiter ",": "user", "a:b:c" (--delimiter sets another)`},
		{"user\tclient\n1\t2\n", Config{Op: "remove", Map: []Mapping{{"klient", "clientId"}}}, `columns found with delimiter tab: "user", "client" (--delimiter sets another)`},
		{"user|x\n1|2\n", Config{Op: "list", Where: `row.columns["y"] == ""`}, `columns found with delimiter "|": "user", "x" (--delimiter sets another)`},
		{"Kunde;Marke\na;x\n", Config{Op: "list", Step: "find"}, `columns found with delimiter ";": "Kunde", "Marke" (the runbook's delimiter sets another)`},
	} {
		_, err := readText(t, test.text, test.cfg)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Seen != test.want {
			t.Errorf("%q: got %+v, want it to have seen %s", test.text, err, test.want)
		}
	}
}

func TestParseDelimiter(t *testing.T) {
	for text, want := range map[string]byte{"": 0, ",": ',', ";": ';', "|": '|', "tab": '\t', "TAB": '\t', `\t`: '\t', "\t": '\t'} {
		if got, err := ParseDelimiter(text); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{":", "comma", ";;", ",;", " ", "\n", "é"} {
		if got, err := ParseDelimiter(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
	for _, text := range []string{"sep=:\nuser\n", "sep=\nuser\n", "sep=,;\nuser\n"} {
		if _, err := readText(t, text, Config{Op: "list"}); err == nil || !strings.Contains(err.Error(), "delimiter") {
			t.Errorf("%q: got %v, want an error", text, err)
		}
	}
}

func TestWrappedRowsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"users": [{"user":"a"},{"user":"b"}]}`:                                                             `-:1: the rows are below "users", in one object`,
		"{\n \"count\": 2, \"next\": null,\n \"items\": [\n  {\"user\":\"a\"}]}":                             `-:1: the rows are below "items", in one object`,
		`{"data":{"total":1,"clients":[ {"user":"a"}]}}`:                                                     `-:1: the rows are below "data.clients", in one object`,
		`{"rows":[{"user":"` + strings.Repeat("x", 900) + `"}` + strings.Repeat(`,{"user":"b"}`, 1e5) + "]}": `-:1: the rows are below "rows", in one object`,
		`{"rows":[{"user":"a"}`: `-:1: the rows are below "rows", in one object`,
	} {
		_, err := readText(t, text, Config{Op: "list"})
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Error() != want || !strings.Contains(e.Hint, "jq .") {
			t.Errorf("%.60s: got %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{
		`{"user":"a","tags":[{"x":1}]}`, `{"tags":[{"x":1}],"user":"a"}`, `{"tags":[],"user":"a"}`, `{"n":{"tags":[{"x":1}]},"user":"a"}`, "\ufeff{\"user\":\"a\"}", "\ufeff\ufeff [{\"user\":\"a\"}]",
	} {
		got, err := readText(t, text, Config{Op: "list"})
		if err != nil || len(got.records) != 1 || got.records[0].Row.User != "a" {
			t.Errorf("%s: got %v, %v, want one row", text, got.told(), err)
		}
	}
	got, err := readText(t, "{\"user\":\"a\"}\n\ufeff{\"user\":\"b\"}\n", Config{Op: "list"})
	if diff := cmp.Diff([]string{"1:1 list user=a", "2:2 list user=b"}, got.told()); diff != "" || err != nil {
		t.Errorf("a mark before a record: %v (-want +got):\n%s", err, diff)
	}
}

// What looks odd is taken, and said once with the first line of it.
func TestDoubtsAreSaid(t *testing.T) {
	got, err := readText(t, "user,brandId\n720042.0,x\n720043.0,x\n7\u200b,x\n", Config{Op: "list"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"user ends in .0, as a spreadsheet writes a number, first in line 2; the row is taken as it is, and 'sunbulk plan' counts such rows",
		"user holds an invisible character, such as U+200B or U+FEFF, first in line 4; the row is taken as it is, and 'sunbulk plan' counts such rows",
	}
	if diff := cmp.Diff(want, got.warnings); diff != "" || len(got.records) != 3 {
		t.Errorf("got %d records, want 3; warnings (-want +got):\n%s", len(got.records), diff)
	}
}
