// Command prose checks what people read of the repository: documentation, pages, and the comments and texts of Go files. It prints
// each misspelt word, and each phrase of phrases.txt with what to write instead, and exits 1 if there is any.
//
//	go run ./prose ..
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/golangci/misspell"
)

//go:embed phrases.txt
var phrases string

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: prose DIR")
	}
	c, err := newChecker(phrases)
	if err == nil {
		err = c.tree(os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
	if c.found > 0 {
		log.Fatalf("%d to mend", c.found)
	}
}

// phrase is a habit of ours that readers stumble over.
type phrase struct {
	form    *regexp.Regexp
	instead string
}

type checker struct {
	phrases []phrase
	words   *misspell.Replacer
	found   int
}

// newChecker reads phrases, a line each: an expression, a tab, and what to write instead.
func newChecker(list string) (*checker, error) {
	c := &checker{words: misspell.New()}
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		form, instead, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("phrases.txt: %q has no tab", line)
		}
		re, err := regexp.Compile(`(?i)\b(?:` + form + `)\b`)
		if err != nil {
			return nil, fmt.Errorf("phrases.txt: %w", err)
		}
		c.phrases = append(c.phrases, phrase{re, strings.TrimSpace(instead)})
	}
	return c, nil
}

// tree checks all files below dir but those that are hidden, test data, or a record of the past.
func (c *checker) tree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != dir && (strings.HasPrefix(name, ".") && name != ".." || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".md", ".html", ".yaml":
			if name == "CHANGELOG.md" {
				return nil
			}
			return c.text(path)
		case ".go":
			return c.source(path)
		}
		return nil
	})
}

// text checks each line of a file.
func (c *checker) text(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		c.line(path, n, lines.Text())
	}
	return lines.Err()
}

// source checks the comments and texts of a Go file.
func (c *checker) source(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	file := files.AddFile(path, files.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, src, func(at token.Position, msg string) { err = fmt.Errorf("%s: %s", at, msg) }, scanner.ScanComments)
	for {
		pos, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			return err
		case token.COMMENT, token.STRING:
			first := file.Line(pos)
			for i, line := range strings.Split(text, "\n") {
				c.line(path, first+i, line)
			}
		}
	}
}

func (c *checker) line(path string, n int, line string) {
	for _, p := range c.phrases {
		for _, hit := range p.form.FindAllString(line, -1) {
			c.say(path, n, hit, p.instead)
		}
	}
	_, diffs := c.words.Replace(line)
	for _, d := range diffs {
		c.say(path, n, d.Original, d.Corrected)
	}
}

func (c *checker) say(path string, n int, hit, instead string) {
	c.found++
	fmt.Printf("%s:%d: %q: write %s\n", path, n, hit, instead)
}
