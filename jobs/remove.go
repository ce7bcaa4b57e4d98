package jobs

// Remove takes one client from a user.
const Remove Op = "remove"

var removeOperation = Operation{
	Name:     Remove,
	Summary:  "one client",
	Columns:  []string{"clientId"},
	Required: []string{"user", "clientId"},
	Check:    checkRemove,

	Removes:    true,
	Idempotent: true,
	Calls:      1,
}

func checkRemove(r *Row) error {
	if r.ClientID == "" {
		return &FieldError{"clientId", "is empty"}
	}
	return nil
}
