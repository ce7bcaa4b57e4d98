package main

import (
	"archive/zip"
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sunbulk/sunbulk/internal/xlsx/xlsxtest"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// setenv NAME FILE: the variable becomes the file's text, without white space around it.
func setenv(_ *script, ts *testscript.TestScript, args []string) error {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
	return nil
}

// count FILE COLUMN VALUE=N…: the cells of a CSV column, by value. Nothing else is in it.
func count(_ *script, ts *testscript.TestScript, args []string) error {
	table, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	if err != nil {
		return err
	}
	column := slices.Index(table[0], args[1])
	if column < 0 {
		return fmt.Errorf("%s has no column %s but %v", args[0], args[1], table[0])
	}
	got := map[string]int{}
	for _, line := range table[1:] {
		got[line[column]]++
	}
	want := map[string]int{}
	for _, arg := range args[2:] {
		at := strings.LastIndexByte(arg, '=')
		if want[arg[:at]], err = strconv.Atoi(arg[at+1:]); err != nil {
			return err
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("%s %s (-want +got):\n%s", args[0], args[1], diff)
	}
	return nil
}

// rows FILE KIND=N…: a summary whose rows add up (I1) to these and no others.
func rows(_ *script, ts *testscript.TestScript, args []string) error {
	var s struct {
		Rows     map[string]int64 `json:"rows"`
		AddsUp   bool             `json:"addsUp"`
		Mismatch string           `json:"mismatch"`
	}
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &s); err != nil {
		return err
	}
	var total int64
	want := map[string]int64{}
	for _, arg := range args[1:] {
		kind, number, _ := strings.Cut(arg, "=")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return err
		}
		want[kind] = n
		total += n
	}
	want["read"] = total
	maps.DeleteFunc(s.Rows, func(_ string, n int64) bool { return n == 0 })
	if diff := cmp.Diff(want, s.Rows); diff != "" || !s.AddsUp {
		return fmt.Errorf("I1: %s (-want +got):\n%s%s", args[0], diff, s.Mismatch)
	}
	return nil
}

// generate WHAT FILE N: a file that is too large or too odd to stand in a script. WHAT is one of
// creates, workbook (of the same) and lists (N rows), clients (a world of users with 0, 1, 25, 26 and N clients), line (a
// cell of N bytes), wide (a row of N cells more than there should be), message (a create with a
// message of N bytes) and junk (N bytes).
func generate(_ *script, ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	f, err := os.Create(ts.MkAbs(args[1]))
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	makers := map[string]func(io.Writer, int){
		"creates": creates, "workbook": workbook, "lists": lists, "clients": clients, "line": longLine, "wide": wideRow, "message": longMessage, "junk": junk,
	}
	makers[args[0]](w, n)
	return w.Flush()
}

const createHeader = "op,user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId"

func creates(w io.Writer, n int) {
	fmt.Fprintln(w, createHeader)
	for i := range n {
		// The simulator lets the link of a number that ends with 0000 vanish: these end with 1.
		fmt.Fprintf(w, "create,user-%d,whatsapp,5f1a0c52d8b7e4000c3a9e02,+1212%06d1,immediate,conv-1\n", i+1, i)
	}
}

func workbook(w io.Writer, n int) {
	var b strings.Builder
	creates(&b, n)
	var rows [][]string
	for line := range strings.Lines(b.String()) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), ","))
	}
	xlsxtest.Book{Method: zip.Deflate, Sheets: []xlsxtest.Sheet{{Name: "Users", Rows: xlsxtest.Texts(rows...)}}}.WriteTo(w)
}

func lists(w io.Writer, n int) {
	fmt.Fprintln(w, "op,user")
	for i := range n {
		fmt.Fprintf(w, "list,user-%d\n", i+1)
	}
}

func clients(w io.Writer, n int) {
	world := suncotest.World{Lenient: true}
	for i, size := range []int{0, 1, 25, 26, n} {
		u := suncotest.User{ID: fmt.Sprintf("user-%d", i+1)}
		for c := range size {
			u.Clients = append(u.Clients, sunco.Client{ID: fmt.Sprintf("client-%d-%d", i+1, c+1), Type: "whatsapp", Status: "active"})
		}
		world.Users = append(world.Users, u)
	}
	json.NewEncoder(w).Encode(world)
}

func longLine(w io.Writer, n int) {
	fmt.Fprint(w, "op,user\nlist,user-1\nlist,")
	for range n / 1000 {
		io.WriteString(w, strings.Repeat("x", 1000))
	}
	fmt.Fprint(w, "\nlist,user-3\n")
}

func wideRow(w io.Writer, n int) {
	fmt.Fprintf(w, "op,user\nlist,user-1\nlist,user-2%s\nlist,user-3\n", strings.Repeat(",x", n))
}

func longMessage(w io.Writer, n int) {
	const before, after = `{""author"":{""type"":""business""},""content"":{""type"":""text"",""text"":""`, `""}}`
	text := n - len(strings.ReplaceAll(before+after, `""`, `"`))
	fmt.Fprintf(w, "%s,confirmation.message\ncreate,user-1,whatsapp,5f1a0c52d8b7e4000c3a9e02,+12125550001,immediate,conv-1,\"%s%s%s\"\n",
		createHeader, before, strings.Repeat("a", text), after)
}

func junk(w io.Writer, n int) {
	for i := range n {
		w.Write([]byte{byte(i * (i + 7) >> 3)})
	}
}

// pack FORMAT FROM TO: FROM compressed as gzip or zstd.
func pack(_ *script, ts *testscript.TestScript, args []string) error {
	f, err := os.Create(ts.MkAbs(args[2]))
	if err != nil {
		return err
	}
	defer f.Close()
	var z io.WriteCloser = gzip.NewWriter(f)
	if args[0] == "zstd" {
		if z, err = zstd.NewWriter(f); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(z, ts.ReadFile(args[1])); err != nil {
		return err
	}
	return z.Close()
}

// cut FILE N: the file loses its last N bytes.
func cut(_ *script, ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	text := ts.ReadFile(args[0])
	return os.WriteFile(ts.MkAbs(args[0]), []byte(text[:len(text)-n]), 0o600)
}
