package schedule

import (
	"fmt"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// UnreadableError says that what Redis holds as the record of a schedule is none: damaged, of a newer release, or of another type. Other
// schedules are not concerned (I12).
type UnreadableError struct {
	Name string
	Why  string
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the record of schedule %s cannot be read: %s", e.Name, e.Why)
}

// wrongType tells whether an error says that a key holds something else than a schedule's.
func wrongType(err error) bool { return redisfault.Of(err) == redisfault.WrongType }

// readError is an error of reading a record: of the whole Redis, or of this key alone.
func readError(name, what string, err error) error {
	if wrongType(err) {
		return &UnreadableError{name, "the key of its " + what + " holds something else"}
	}
	return fmt.Errorf("read %s of schedule %s: %w", what, name, err)
}
