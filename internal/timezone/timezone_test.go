package timezone

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	_ "time/tzdata" // the machine of the test may have no zones
)

// machine makes the files of a machine below a folder: a name that ends in @ is a link to its content.
func machine(t *testing.T, files map[string]string) Machine {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, strings.TrimSuffix(name, "@"))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if strings.HasSuffix(name, "@") {
			err = os.Symlink(strings.ReplaceAll(content, "ROOT", root), path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return Machine{Localtime: filepath.Join(root, "etc/localtime"), Name: filepath.Join(root, "etc/timezone"), Zones: []string{filepath.Join(root, "zoneinfo")}}
}

// fixed is a file of a zone without changes, hours ahead of UTC, with a name that tells it from others.
func fixed(hours byte, name string) string {
	header := "TZif" + strings.Repeat("\x00", 16) + // version 1
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00" + string(rune(len(name)+1))
	seconds := int(hours) * 3600
	return header + string([]byte{0, byte(seconds >> 16), byte(seconds >> 8), byte(seconds), 0, 0}) + name + "\x00"
}

func TestZone(t *testing.T) {
	lisbon, nairobi := fixed(0, "WET"), fixed(3, "EAT")
	text := func(s string) *string { return &s }
	tests := []struct {
		name  string
		tz    *string // ROOT is the machine's
		files map[string]string
		want  string // a zone, or with a ! a part of the error
	}{
		{"the variable", text("Asia/Kolkata"), nil, "Asia/Kolkata"},
		{"with a colon", text(":Europe/Madrid"), nil, "Europe/Madrid"},
		{"empty", text(""), nil, "UTC"},
		{"a path into the zones", text("/usr/share/zoneinfo/America/St_Johns"), nil, "America/St_Johns"},
		{"a colon and a path with leap seconds", text(":/usr/share/zoneinfo/right/Pacific/Auckland"), nil, "Pacific/Auckland"},
		{"a path to a copy", text("ROOT/copy"), map[string]string{"copy": nairobi, "zoneinfo/Africa/Nairobi": nairobi}, "Africa/Nairobi"},
		{"a name of POSIX that is a zone", text("EST5EDT"), nil, "EST5EDT"},
		{"POSIX", text("CET-1CEST"), nil, "!TZ=CET-1CEST is not the name of a time zone"},
		{"POSIX with rules", text("AEST-10AEDT,M10.1.0,M4.1.0/3"), nil, "!is not the name"},
		{"POSIX without letters", text("<+0330>-3:30"), nil, "!is not the name"},
		{"a slip", text("Europe/Lisboa"), nil, "!TZ=Europe/Lisboa is not the name"},
		{"the machine's own", text("Local"), nil, "!is not the name"},
		{"a path to nothing", text("ROOT/none"), nil, "!there is no "},
		{"a path to what is none", text("ROOT/etc/hosts"), map[string]string{"etc/hosts": "127.0.0.1"}, "!does not hold a time zone"},

		{"a link", nil, map[string]string{"etc/localtime@": "/usr/share/zoneinfo/Europe/Lisbon"}, "Europe/Lisbon"},
		{"a link to a link", nil, map[string]string{"etc/localtime@": "ROOT/etc/zone", "etc/zone@": "../share/zoneinfo/Asia/Tokyo"}, "Asia/Tokyo"},
		{"a link where zones were never installed", nil, map[string]string{"etc/localtime@": "../nowhere/zoneinfo/Africa/Lagos"}, "Africa/Lagos"},
		{"a link in a circle", nil, map[string]string{"etc/localtime@": "localtime"}, "!localtime"},
		{"a copy", nil, map[string]string{"etc/localtime": lisbon, "zoneinfo/Africa/Nairobi": nairobi, "zoneinfo/Europe/Lisbon": lisbon}, "Europe/Lisbon"},
		{"a copy of several, one of which the machine names", nil, map[string]string{
			"etc/localtime": nairobi, "etc/timezone": "Africa/Kampala\n", "zoneinfo/Africa/Nairobi": nairobi, "zoneinfo/Africa/Kampala": nairobi, "zoneinfo/Africa/Asmara": nairobi}, "Africa/Kampala"},
		{"a copy of several, one of which is in use", nil, map[string]string{
			"etc/localtime": nairobi, "zoneinfo/zone1970.tab": "# codes\nKE,DJ\t-0117+03649\tAfrica/Nairobi\n", "zoneinfo/Africa/Nairobi": nairobi, "zoneinfo/Africa/Asmara": nairobi}, "Africa/Nairobi"},
		{"a name that the copy refutes", nil, map[string]string{
			"etc/localtime": lisbon, "etc/timezone": "Africa/Nairobi", "zoneinfo/Africa/Nairobi": nairobi, "zoneinfo/Europe/Lisbon": lisbon}, "Europe/Lisbon"},
		{"a copy where there are no zones", nil, map[string]string{"etc/localtime": lisbon}, "!does not say how its time zone is called"},
		{"nothing", nil, nil, "!there is no "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine(t, tt.files)
			if tt.tz != nil {
				tz := strings.ReplaceAll(*tt.tz, "ROOT", filepath.Dir(filepath.Dir(m.Localtime)))
				m.TZ = &tz
			}
			got, err := m.Zone()
			if want, fails := strings.CutPrefix(tt.want, "!"); fails {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, %v, want an error with %q", got, err, want)
				}
			} else if err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}
