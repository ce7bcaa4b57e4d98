//go:build !race

package main

// raced says that the tests, and a sunbulk that is the test binary, run with the race detector.
const raced = false
