// Command bench measures sunbulk beside what people would use instead, on a real redis-server and
// a stand-in of the API, each a process of its own. It prints one Markdown table.
//
//	make bench
//	make bench SCALE=quick
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures, or plays one of the parts in a measurement.
func run(args []string) error {
	if len(args) > 1 {
		switch role, at := args[0], args[1]; {
		case role == "stand-in" && len(args) == 2:
			return serveStandIn(at)
		case role == "delay" && len(args) == 3:
			return serveDelay(at, args[2])
		case role == "loop" && len(args) == 3:
			return loop(at, atoi(args[2]))
		case role == "plain-enqueue" && len(args) == 3:
			return plainEnqueue(os.Stdout, at, atoi(args[2]))
		case role == "plain-work" && len(args) == 3:
			return plainWork(at, args[2])
		case role == "profile" && len(args) == 5:
			return profileParts(at, args[2], args[3], args[4])
		}
	}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	sunbulk := flags.String("sunbulk", "./sunbulk", "the program to measure")
	name := flags.String("scale", "full", "full or quick")
	only := flags.String("only", "", "measure these parts alone, by commas: "+strings.Join(partNames(), ", "))
	profile := flags.String("profile", "", "keep the CPU profile of all parts in this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	size, err := scaleOf(*name)
	if err != nil {
		return err
	}
	return measure(*sunbulk, *profile, *only, size)
}

// atoi reads a number that this program wrote.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// scale is how much is measured.
type scale struct {
	rounds int   // of each measurement
	calls  int   // rows per round that are called
	queued int   // rows per round that are queued
	plain  int   // tasks per round of the plain asynq program
	curl   int   // rows per round of GNU parallel
	far    int   // rows per round with Redis a round trip away
	sizes  []int // rows at which memory is measured
	large  int   // rows of a large job
}

func scaleOf(name string) (scale, error) {
	switch name {
	case "full":
		return scale{rounds: 5, calls: 200_000, queued: 1_000_000, plain: 20_000, curl: 500, far: 50_000,
			sizes: []int{10_000, 100_000, 1_000_000, 5_000_000}, large: 1_000_000}, nil
	case "quick":
		return scale{rounds: 3, calls: 40_000, queued: 200_000, plain: 5_000, curl: 50, far: 10_000,
			sizes: []int{10_000, 100_000}, large: 100_000}, nil
	}
	return scale{}, fmt.Errorf("-scale %s is neither full nor quick", name)
}

// bench takes all measurements, one after the other.
type bench struct {
	sunbulk, self string // programs
	inputs        string // folder of the files
	profile       string
	scale
	table table
}

// measurements are the parts of the table, in their order. It never changes.
var measurements = []struct {
	name string
	take func(*bench) error
}{
	{"calls", (*bench).throughput},
	{"queuing", (*bench).queuing},
	{"distance", (*bench).distant},
	{"times", (*bench).times},
	{"memory", (*bench).memory},
	{"cpu", (*bench).parts},
	{"console", (*bench).console},
}

func partNames() (names []string) {
	for _, m := range measurements {
		names = append(names, m.name)
	}
	return names
}

func measure(sunbulk, profile, only string, size scale) error {
	chosen := partNames()
	if only != "" {
		chosen = strings.Split(only, ",")
	}
	for _, name := range chosen {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("-only %s is none of %s", name, strings.Join(partNames(), ", "))
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	inputs, err := os.MkdirTemp("", "sunbulk-bench-inputs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(inputs)
	b := &bench{sunbulk: sunbulk, self: self, inputs: inputs, profile: profile, scale: size}
	defer b.table.print(os.Stdout) // what was measured before an error too
	for _, m := range measurements {
		if !slices.Contains(chosen, m.name) {
			continue
		}
		start := time.Now()
		if err := m.take(b); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", m.name, time.Since(start).Round(time.Second))
	}
	return nil
}

// installed tells whether a program can be run.
func installed(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}
