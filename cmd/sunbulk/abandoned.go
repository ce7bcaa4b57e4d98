package main

import (
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// abandonment says since when nobody queues the rows that a job lacks, or "" while somebody does.
func abandonment(since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return "nobody has queued rows since " + since.Local().Format(time.DateTime)
}

// adoption is what to do about a job whose rows nobody queues.
func adoption(job jobs.Job) string {
	again := "start the same command again, or 'sunbulk enqueue FILE… --resume " + job.ID + "' with the same flags and files"
	if retry, ok := job.Retry(); ok {
		again = "'" + retryLine(retry) + "' continues it"
	} else if job.Piped() {
		again = "start the same command again with the same rows, or 'sunbulk enqueue - --resume " + job.ID + "' with the same flags and rows"
	}
	return again + "; 'sunbulk cancel " + job.ID + "' ends it"
}

// lookFirst is what to do about a job whose canary failed.
func lookFirst(job jobs.Job) string {
	return "look at its failed rows with 'sunbulk report " + job.ID + "'; 'sunbulk resume " + job.ID + "' continues with the other rows, 'sunbulk cancel " + job.ID + "' ends it"
}
