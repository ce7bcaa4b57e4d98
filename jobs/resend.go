package jobs

// Resend says which creates may be sent again when their answer was lost and a look shows that
// they did not arrive (I2).
type Resend string

// The choices of --resend. The zero Resend is ResendSilent.
const (
	ResendNever  Resend = "never"
	ResendSilent Resend = "silent" // only creates that message nobody
	ResendAlways Resend = "always"
)

// Allows tells whether a row may be sent again.
func (r Resend) Allows(row *Row) bool {
	switch r {
	case ResendNever:
		return false
	case ResendAlways:
		return true
	}
	return !row.Messages()
}
