// Package chaos holds tests alone: they run sunbulk's own processes against a real Redis and the
// simulated API, break everything around them at random from a seed, and then count whether
// anything was lost or done twice. docs/reliability.md says what is promised.
//
//	go -C tools/chaos test -v -seed 42 -rows 50000 -faults 100 -minutes 10 -figures
//	go -C tools/chaos test -v -run TestTopology -rows 10000 -times 5
package chaos
