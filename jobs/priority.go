package jobs

import "fmt"

// Priority weighs a job against the other jobs of its app.
type Priority string

// The choices of --priority. The zero Priority is Normal.
const (
	High   Priority = "high"
	Normal Priority = "normal"
	Low    Priority = "low"
)

// ParsePriority reads one of the choices.
func ParsePriority(s string) (Priority, error) {
	switch p := Priority(s); p {
	case High, Normal, Low:
		return p, nil
	}
	return "", fmt.Errorf("%q is not one of high, normal, low", shorten(s, 40))
}

// Weight is the job's part of the rate, in proportion to the weights of the others: 4, 2 or 1.
func (p Priority) Weight() int {
	switch p {
	case High:
		return 4
	case Low:
		return 1
	}
	return 2
}
