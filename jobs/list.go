package jobs

// List reads all clients of a user.
const List Op = "list"

var listOperation = Operation{
	Name:     List,
	Summary:  "the clients of the user",
	Required: []string{"user"},
	Check:    func(*Row) error { return nil },

	Finds:      true,
	Idempotent: true,
	Calls:      1,
}
