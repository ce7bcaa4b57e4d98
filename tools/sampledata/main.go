// Command sampledata writes the files of testdata: a migration of invented users from Twilio to
// WhatsApp, with rows of every kind that goes wrong, and the simulated world that it meets. The same
// program always writes the same files.
//
//	go -C tools run ./sampledata ../testdata
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sampledata FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sampledata:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	random := rand.New(rand.NewPCG(2026, 11))
	people := invent(random)
	files := []struct {
		name string
		make func() ([]byte, error)
	}{
		{"migration.csv", func() ([]byte, error) { return migration(people, random) }},
		{"world.json", func() ([]byte, error) { return world(people) }},
		{"users.ndjson", func() ([]byte, error) { return newUsers(people) }},
		{"list.csv", func() ([]byte, error) { return listed(people), nil }},
	}
	for _, f := range files {
		data, err := f.make()
		if err != nil {
			return fmt.Errorf("make %s: %w", f.name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
