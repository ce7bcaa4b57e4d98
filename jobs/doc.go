// Package jobs holds the nouns of sunbulk: a Job is one input run with one set of Options; its
// Rows travel in Batches and each ends as exactly one Outcome, which a Tally counts.
//
// The package knows no Redis, no HTTP and no flags. A new operation is one file here that declares
// an Operation, and one line in the table of operations.
package jobs
