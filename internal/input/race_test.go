//go:build race

package input

// raced says that the tests run with the race detector.
const raced = true
