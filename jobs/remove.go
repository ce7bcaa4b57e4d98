package jobs

import "strings"

// Remove takes one client from a user.
const Remove Op = "remove"

var removeOperation = Operation{
	Name:     Remove,
	Columns:  []string{"clientId"},
	Required: []string{"user", "clientId"},
	Check:    checkRemove,
}

func checkRemove(r *Row) error {
	if r.ClientID == "" {
		return &FieldError{"clientId", "is empty"}
	}
	// Behind a proxy that resolves dots, removing the client ".." would delete the user.
	for part := range strings.FieldsFuncSeq(r.ClientID, func(c rune) bool { return c == '/' || c == '\\' }) {
		if part == "." || part == ".." {
			return &FieldError{"clientId", "is a path of dots, which could mean another thing than a client"}
		}
	}
	return nil
}
