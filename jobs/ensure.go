package jobs

// Ensure links a user to a channel where the user has no client of that type and integration.
const Ensure Op = "ensure"

var ensureOperation = Operation{
	Name:     Ensure,
	Summary:  "one where the user has none of that type and integration",
	Columns:  createOperation.Columns,
	Required: createOperation.Required,
	Check:    checkCreate,
	Once:     ensured,
	Same:     "user, type and integration",

	Creates:    true,
	Looks:      true,
	Idempotent: true,
	Messages:   confirms,
	Calls:      2, // the create after the list
	Undo:       Remove,
}

// ensured is what a row ensures: rows that differ in the number or the conversation alone would
// each find no client, and make two.
func ensured(r Row) Row {
	return Row{Op: Ensure, User: r.User, BrandID: r.BrandID, Type: r.Type, IntegrationID: r.IntegrationID}
}
