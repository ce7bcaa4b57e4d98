package jobs

// RerunColumn is the column in which a report says whether a row of its files may be run as it stands. Input heeds it.
const RerunColumn = "rerun"

// Rerun is a cell of RerunColumn: why the row must not be run again as it stands. Empty where it may.
type Rerun string

// What RerunColumn may hold.
const (
	RerunDuplicate Rerun = "duplicate"     // an earlier row does the same
	RerunLookFirst Rerun = "look_first"    // its create may have arrived
	RerunNotEnded  Rerun = "job_not_ended" // the job that has not processed it may do so yet
)

// Cause says for a person why the row is not run; empty where nothing is against it.
func (r Rerun) Cause() string {
	switch r {
	case RerunDuplicate:
		return "an earlier row of its job did the same"
	case RerunLookFirst:
		return "it was sent, and may have arrived: look at the user's clients; if it did not, empty this cell"
	case RerunNotEnded:
		return "its job had not ended when this was written, and may run it: finish or cancel that job, then write its report again"
	}
	return ""
}
