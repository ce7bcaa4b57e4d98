package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/internal/osfile"
)

// maxSecretFile bounds a file of secrets in bytes.
const maxSecretFile = 64 << 10

// readSecrets returns the secrets of the file of a flag, which has at least one; hint says what belongs in it.
func readSecrets(flag, name, hint string) (secrets []string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, cannotRun(fmt.Errorf("read %s: %w", flag, err), "check its name")
	}
	defer f.Close()
	if secrets, err = secretsIn(f, flag, hint); err == nil && len(secrets) == 0 {
		err = usage(flag+" "+name+": there is no secret in it", hint)
	}
	return secrets, err
}

// perLine is the hint for a file of the secrets of webhooks.
const perLine = "put the secret of a webhook on each line"

// secretsIn returns the secrets of an open file, one a line, that nobody else may read.
func secretsIn(f *os.File, flag, hint string) (secrets []string, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, cannotRun(fmt.Errorf("read %s: %w", flag, err), "check its name")
	}
	if others, err := osfile.Others(f); err != nil || others.Read {
		return nil, usage(flag+" "+f.Name()+": others may read it", osfile.KeepPrivate(f.Name()))
	}
	if info.Size() > maxSecretFile {
		return nil, usage(flag+" "+f.Name()+" is too large for a file of secrets", hint)
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if s := strings.TrimSpace(lines.Text()); s != "" {
			secrets = append(secrets, s)
		}
	}
	if lines.Err() != nil {
		return nil, cannotRun(fmt.Errorf("read %s %s: %w", flag, f.Name(), lines.Err()), hint)
	}
	return secrets, nil
}

// secretFile is a file of secrets to which others are added.
type secretFile struct {
	file  *os.File
	known []string
	fresh bool // it was made here, and nothing is in it
}

// openSecretFile opens it, and makes it where there is none, so that it is known to be writable before its secret is made.
func openSecretFile(name string) (*secretFile, error) {
	const hint = "give a file that you may write and nobody else may read"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return &secretFile{file: f, fresh: true}, nil
	}
	if !errors.Is(err, os.ErrExist) {
		return nil, cannotRun(fmt.Errorf("write --secret-file: %w", err), hint)
	}
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() { // a pipe would wait for who reads it
		return nil, usage("--secret-file "+name+" is not a file of secrets", hint)
	}
	if f, err = os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0); err != nil {
		return nil, cannotRun(fmt.Errorf("write --secret-file: %w", err), hint)
	}
	known, err := secretsIn(f, "--secret-file", perLine)
	if err == nil && slices.ContainsFunc(known, func(s string) bool { return credentials.Stray(s) != "" || strings.ContainsAny(s, " \t") }) {
		err = usage("--secret-file "+name+" holds lines that are not secrets: nothing is added to it", hint)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &secretFile{file: f, known: known}, nil
}

// add adds a secret, unless it is there.
func (s *secretFile) add(secret string) error {
	switch {
	case secret == "" || strings.Contains(secret, " ") || credentials.Stray(secret) != "":
		return cannotRun(errors.New("the webhook is there, and the API gave no secret of it that can be kept"), "copy its secret from the vendor's console to --secret-file")
	case slices.Contains(s.known, secret):
		return nil
	}
	line := secret + "\n"
	last := make([]byte, 1)
	if info, err := s.file.Stat(); err == nil && info.Size() > 0 {
		if _, err := s.file.ReadAt(last, info.Size()-1); err != nil || last[0] != '\n' {
			line = "\n" + line
		}
	}
	if _, err := s.file.WriteString(line); err != nil {
		return cannotRun(fmt.Errorf("write --secret-file: %w", err), "the webhook is there; start it again to fetch its secret")
	}
	if err := s.file.Sync(); err != nil {
		return cannotRun(fmt.Errorf("write --secret-file: %w", err), "the webhook is there; start it again to fetch its secret")
	}
	s.known, s.fresh = append(s.known, secret), false
	return nil
}

// close removes a file that was made in vain.
func (s *secretFile) close() {
	s.file.Close()
	if s.fresh {
		_ = os.Remove(s.file.Name()) // an empty file of secrets does no harm
	}
}
