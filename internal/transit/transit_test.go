package transit

import "testing"

func TestDialsOutside(t *testing.T) {
	for address, want := range map[string]struct{ outside, elsewhere bool }{
		"93.184.216.34:443":           {true, true},
		"[2606:2800:220:1::1]:443":    {true, true},
		"10.1.2.3:443":                {false, true},
		"172.16.9.9:443":              {false, true},
		"192.168.1.1:443":             {false, true},
		"100.64.3.4:443":              {false, true},
		"[fd12::1]:443":               {false, true},
		"127.0.0.1:443":               {},
		"127.9.9.9:80":                {},
		"[::1]:443":                   {},
		"[::ffff:127.0.0.1]:443":      {},
		"0.0.0.0:80":                  {},
		"0.1.2.3:80":                  {},
		"[::]:80":                     {},
		"169.254.169.254:80":          {},
		"[::ffff:169.254.169.254]:80": {},
		"[64:ff9b::a9fe:a9fe]:80":     {}, // NAT64 of it
		"[2002:7f00:1::]:80":          {}, // 6to4 of 127.0.0.1
		"[fe80::1%lo]:80":             {},
		"[fd00:ec2::254]:80":          {},
		"100.100.100.200:80":          {},
		"224.0.0.1:80":                {},
		"255.255.255.255:80":          {},
		"240.0.0.1:80":                {false, true},
		"name:80":                     {},
	} {
		if got := Outside("tcp", address, nil) == nil; got != want.outside {
			t.Errorf("Outside %s: got %v", address, got)
		}
		if got := Elsewhere("tcp", address, nil) == nil; got != want.elsewhere {
			t.Errorf("Elsewhere %s: got %v", address, got)
		}
	}
}
