package runbook

import _ "embed" // for the schema

//go:embed runbook.schema.json
var schema []byte

// Schema returns the JSON Schema (draft 7, as editors know it) of what a runbook may hold.
func Schema() []byte { return schema }
