package jobs

// List reads all clients of a user.
const List Op = "list"

var listOperation = Operation{
	Name:     List,
	Required: []string{"user"},
	Check:    func(*Row) error { return nil },
}
