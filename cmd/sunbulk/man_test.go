//go:build unix

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var (
	manDir  = flag.String("man", "", "write the manual pages into this folder")
	manDate = flag.Int64("man-date", 0, "their date, in seconds since 1970")
)

// TestManPages makes a manual page of each command. 'make release' keeps them, by -man.
func TestManPages(t *testing.T) {
	dir := *manDir
	if dir == "" {
		dir = t.TempDir()
	}
	date := time.Unix(*manDate, 0).UTC()
	root := testRoot()
	want := []string{}
	preformat(root, &want)
	if err := doc.GenManTree(root, &doc.GenManHeader{Title: "SUNBULK", Section: "1", Source: "sunbulk", Manual: "sunbulk", Date: &date}, dir); err != nil {
		t.Fatal(err)
	}
	for _, path := range want {
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(path, " ", "-")+".1"))
		if err != nil {
			t.Error(err)
		} else if text := string(page); !strings.Contains(text, ".SH SYNOPSIS") || !strings.Contains(text, `"sunbulk"`) {
			t.Errorf("the page of %s is none:\n%.300s", path, text)
		}
	}
}

// preformat keeps the lines of help texts as they are, which a manual page would fill, and collects the paths of commands.
func preformat(cmd *cobra.Command, paths *[]string) {
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	cmd.DisableAutoGenTag = true
	*paths = append(*paths, cmd.CommandPath())
	if cmd.Long == "" {
		cmd.Long = cmd.Short + "."
	} else {
		cmd.Long = "```\n" + cmd.Long + "\n```"
	}
	for _, sub := range cmd.Commands() {
		preformat(sub, paths)
	}
}
