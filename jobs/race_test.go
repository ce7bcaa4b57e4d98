//go:build race

package jobs

// raced says that the tests run with the race detector.
const raced = true
