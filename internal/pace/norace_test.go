//go:build !race

package pace

// raced says that the tests run with the race detector.
const raced = false
