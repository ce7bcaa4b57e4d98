package jobs

// Priority weighs a job against the other jobs of its app.
type Priority string

// The choices of --priority. The zero Priority is Normal.
const (
	High   Priority = "high"
	Normal Priority = "normal"
	Low    Priority = "low"
)

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
