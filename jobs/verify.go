package jobs

import "strings"

// Verify asks until a client is active: the one that clientId names, or else the user's of a type
// and integration.
const Verify Op = "verify"

var verifyOperation = Operation{
	Name:     Verify,
	Summary:  "wait until a client is active",
	Columns:  []string{"clientId", "matchCriteria.type", "matchCriteria.integrationId"},
	Required: []string{"user"},
	Either:   [][]string{{"clientId"}, {"matchCriteria.type", "matchCriteria.integrationId"}},
	Check:    checkVerify,

	Waits:      true,
	Idempotent: true,
	Calls:      1,
}

func checkVerify(r *Row) error {
	switch {
	case r.ClientID != "":
		r.Type, r.IntegrationID = "", ""
	case r.Type == "" && r.IntegrationID == "":
		return &FieldError{"clientId", "is empty, and so are the type and the integration that would do"}
	case r.Type == "":
		return &FieldError{"matchCriteria.type", "is empty, and so is clientId"}
	case r.IntegrationID == "":
		return &FieldError{"matchCriteria.integrationId", "is empty, and so is clientId"}
	}
	r.Type = strings.ToLower(r.Type) // any type: clients are not only those that a create makes
	return nil
}
