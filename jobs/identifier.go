package jobs

import "github.com/sunbulk/sunbulk/internal/pathid"

// checkIdentifier refuses an id that means another thing once a proxy, or whatever stands before the API, has simplified the
// path it is in. A slash inside is allowed: an external id may have one.
func checkIdentifier(path, id string) error {
	if classify(id)&pathByte != 0 && pathid.Simplifies(id) {
		return &FieldError{path, "is a path of dots or ends in a slash: a proxy could make another id of it"}
	}
	return nil
}
