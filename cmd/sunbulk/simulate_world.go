package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// maxWorld bounds how much of an input is read to see whether it is a world.
const maxWorld = 16 << 20

// refuseWorlds refuses a world of the simulator among the inputs: --simulate takes its value by =, so behind a space
// the world would be read as rows.
func refuseWorlds(flags *pflag.FlagSet, args []string) error {
	bare := false
	if f := flags.Lookup("simulate"); f != nil {
		bare = f.Changed && f.Value.String() == f.NoOptDefVal
	}
	for _, name := range args {
		switch world, sure := readableWorld(name); {
		case world && bare:
			return usage(fmt.Sprintf("--simulate %s: the world of a simulation is joined by =, behind a space it is an input", name), "write --simulate="+name)
		case sure:
			return usage(name+" is a world of the simulator, and holds no rows", "it goes with an input, as --simulate="+name)
		}
	}
	return nil
}

// readableWorld tells whether a file can be read as a world, and whether it is surely one: a list of users alone may
// be an input in the wrong shape.
func readableWorld(name string) (world, sure bool) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxWorld { // a pipe can be read only once
		return false, false
	}
	f, err := os.Open(name)
	if err != nil {
		return false, false
	}
	defer f.Close()
	r := bufio.NewReader(io.LimitReader(f, maxWorld))
	start, _ := r.Peek(512)
	if !strings.HasPrefix(strings.TrimLeft(string(start), "\ufeff \t\r\n"), "{") {
		return false, false
	}
	w, err := suncotest.LoadWorld(r)
	if err != nil {
		return false, false
	}
	sure = len(w.Integrations) > 0 || w.Lenient || w.Knobs != nil
	for _, u := range w.Users {
		sure = sure || len(u.Clients) > 0 || len(u.Conversations) > 0
	}
	return sure || len(w.Users) > 0, sure
}
