// Package timezone names the time zone of this machine as other machines know it, such as Europe/Madrid.
package timezone

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Machine is where a machine keeps its time zone. The zero value is of no machine; see Here.
type Machine struct {
	TZ        *string  // the environment variable; nil when it is not set
	Localtime string   // the file that holds the zone, or a link to one of Zones
	Name      string   // a file that may hold the zone's name
	Zones     []string // folders of zones, by name
}

// Here is this machine.
func Here() Machine {
	m := Machine{
		Localtime: "/etc/localtime", Name: "/etc/timezone",
		Zones: []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo", "/var/db/timezone/zoneinfo"},
	}
	if tz, set := os.LookupEnv("TZ"); set {
		m.TZ = &tz
	}
	return m
}

// Zone returns the name by which time.LoadLocation knows the machine's zone. An error says what the machine
// has instead of one.
func (m Machine) Zone() (string, error) {
	if m.TZ == nil {
		return m.file(m.Localtime)
	}
	switch tz := strings.TrimPrefix(*m.TZ, ":"); {
	case tz == "":
		return "UTC", nil // as POSIX has it
	case filepath.IsAbs(tz):
		name, err := m.file(tz)
		if err != nil {
			return "", fmt.Errorf("TZ=%s: %w", *m.TZ, err)
		}
		return name, nil
	default:
		name := plain(tz)
		if !known(name) {
			return "", fmt.Errorf("TZ=%s is not the name of a time zone", *m.TZ)
		}
		return name, nil
	}
}

// known tells whether a name is a zone's everywhere, and not only on this machine.
func known(name string) bool {
	switch name {
	case "", "Local", "localtime", "posixrules", "Factory":
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// plain drops the folders of zones with and without leap seconds, which not every machine has.
func plain(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "posix/"), "right/")
}

// file names the zone of a file by the link that it is, or else by what it holds.
func (m Machine) file(path string) (string, error) {
	if name := m.linked(path); name != "" {
		return name, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s", path)
	}
	if err != nil {
		return "", err
	}
	if _, err := time.LoadLocationFromTZData("", data); err != nil {
		return "", fmt.Errorf("%s does not hold a time zone", path)
	}
	if name := m.alike(data); name != "" {
		return name, nil
	}
	return "", fmt.Errorf("%s does not say how its time zone is called", path)
}

// linked follows a path link by link until it is in a folder of zones, which need not be there: a container may have
// the link alone.
func (m Machine) linked(path string) string {
	const longest = 40 // links, as Linux has it
	for range longest {
		if _, name, ok := strings.Cut(filepath.ToSlash(path), "zoneinfo/"); ok && known(plain(name)) {
			return plain(name)
		}
		to, err := os.Readlink(path)
		if err != nil {
			return ""
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return ""
}

// alike returns a zone with this content: the one that the machine names, one of the table of zones in use, or any.
func (m Machine) alike(data []byte) string {
	named, _ := os.ReadFile(m.Name) // most machines have none
	names := []string{plain(strings.TrimSpace(string(named))), "UTC"}
	for _, folder := range m.Zones {
		table, _ := os.ReadFile(filepath.Join(folder, "zone1970.tab")) // without it, any
		for line := range strings.Lines(string(table)) {
			if fields := strings.Fields(line); len(fields) >= 3 && fields[0][0] != '#' {
				names = append(names, fields[2])
			}
		}
	}
	for _, name := range names {
		if m.holds(name, data) {
			return name
		}
	}
	for _, folder := range m.Zones {
		if name := search(folder, data); name != "" {
			return name
		}
	}
	return ""
}

// holds tells whether a zone of the machine has this content.
func (m Machine) holds(name string, data []byte) bool {
	if !known(name) {
		return false
	}
	for _, folder := range m.Zones {
		if zone, err := os.ReadFile(filepath.Join(folder, name)); err == nil && bytes.Equal(zone, data) {
			return true
		}
	}
	return false
}

// search looks through a folder for a zone with this content.
func search(folder string, data []byte) (found string) {
	_ = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // what cannot be read is not the zone
		}
		if info, err := e.Info(); err != nil || info.Mode().IsRegular() && info.Size() != int64(len(data)) {
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil || !known(plain(filepath.ToSlash(name))) {
			return nil
		}
		if zone, err := os.ReadFile(path); err == nil && bytes.Equal(zone, data) {
			found = plain(filepath.ToSlash(name))
			return filepath.SkipAll
		}
		return nil
	})
	return found
}
