//go:build race

package sunco_test

// raced says that the tests run with the race detector.
const raced = true
