package pace

import "time"

// limited is one kind of limit of an API and the rate of a job.
type limited struct {
	name    string
	limit   func() limit
	named   bool // a 429 says when to come back
	rate    float64
	allowed float64 // calls per second, on the average of a minute
	least   float64 // part of what can be had that is wanted
	most    float64 // share of answers 429 after the first ten seconds
}

func halved() limit {
	return changing(10*time.Second, inAny(50, time.Second), inAny(25, time.Second), inAny(50, time.Second))
}

var limitedRows = []limited{
	{"1 % get a 429; 40/s", func() limit { return some(0.01) }, false, 40, 40, 0.85, 0.02},
	{"0.5 % with Retry-After; 40/s", func() limit { return some(0.005) }, true, 40, 40, 0.85, 0.01},
	{"50 in any second; 200/s", func() limit { return inAny(50, time.Second) }, true, 200, 50, 0.9, 0.01},
	{"50 in any second, no Retry-After; 200/s", func() limit { return inAny(50, time.Second) }, false, 200, 50, 0.9, 0.01},
	{"30 in any second; 40/s", func() limit { return inAny(30, time.Second) }, true, 40, 30, 0.9, 0.01},
	{"30 in any second, no Retry-After; 40/s", func() limit { return inAny(30, time.Second) }, false, 40, 30, 0.9, 0.01},
	{"50, 25 for 10 s, 50 in any second; 50/s", halved, true, 50, 50 - 250.0/60, 0.65, 0.0125},
	{"50, 25 for 10 s, 50, no Retry-After; 50/s", halved, false, 50, 50 - 250.0/60, 0.65, 0.0125},
	{"80 in any second; 100,000/s", func() limit { return inAny(80, time.Second) }, true, 100000, 80, 0.9, 0.01},
	{"bucket 50/s, burst 100; 200/s", func() limit { return tokens(50, 100) }, true, 200, 50, 0.95, 0.01},
	{"bucket 50/s, burst 100, no Retry-After; 200/s", func() limit { return tokens(50, 100) }, false, 200, 50, 0.95, 0.01},
	{"bucket 20/s, burst 5; 40/s", func() limit { return tokens(20, 5) }, true, 40, 20, 0.95, 0.02},
	{"600 in each 15 s; 100/s", func() limit { return inEach(600, 15*time.Second) }, true, 100, 40, 0.95, 0.01},
	{"600 in each 15 s, no Retry-After; 100/s", func() limit { return inEach(600, 15*time.Second) }, false, 100, 40, 0.78, 0.0125},
	{"40 in each second; 100/s", func() limit { return inEach(40, time.Second) }, true, 100, 40, 0.7, 0.0125},
	{"40 in each second, no Retry-After; 100/s", func() limit { return inEach(40, time.Second) }, false, 100, 40, 0.85, 0.02},
	{"1,200 in each minute, no Retry-After; 40/s", func() limit { return inEach(1200, time.Minute) }, false, 40, 20, 0.95, 0.03},
	{"5 in any second, no Retry-After; 20/s", func() limit { return inAny(5, time.Second) }, false, 20, 5, 0.9, 0.01},
	{"60, then 30 in any second, no Retry-After; 100/s", func() limit { return changing(30*time.Second, inAny(60, time.Second), inAny(30, time.Second)) }, false, 100, 45, 0.8, 0.0125},
	{"30, then 60 in any second; 100/s", func() limit { return changing(30*time.Second, inAny(30, time.Second), inAny(60, time.Second)) }, true, 100, 45, 0.65, 0.01},
	{"300 in any second, no Retry-After; no rate", func() limit { return inAny(300, time.Second) }, false, 0, 300, 0.72, 0.01},
	{"bucket 50/s, burst 50; no rate", func() limit { return tokens(50, 50) }, true, 0, 50, 0.95, 0.01},
	{"bucket 50/s, burst 50, no Retry-After; no rate", func() limit { return tokens(50, 50) }, false, 0, 50, 0.95, 0.0125},
	{"2 % get a 429; 100/s", func() limit { return some(0.02) }, false, 100, 100, 0.7, 0.035},
	{"2 % get a 429; 10/s", func() limit { return some(0.02) }, false, 10, 10, 0.65, 0.045},
	{"2 % get a 429; 30/s", func() limit { return some(0.02) }, false, 30, 30, 0.5, 0.04},
	{"2 % get a 429; 400/s", func() limit { return some(0.02) }, false, 400, 400, 0.7, 0.03},
	{"0.5 % get a 429; 400/s", func() limit { return some(0.005) }, false, 400, 400, 0.85, 0.01},
	{"4 % get a 429; 50/s", func() limit { return some(0.04) }, false, 50, 50, 0.2, 0.06},
	{"2 % and 50 in any second; 100/s", func() limit { return both(some(0.02), inAny(50, time.Second)) }, false, 100, 50, 0.75, 0.045},
	{"5 in any second; 20/s", func() limit { return inAny(5, time.Second) }, true, 20, 5, 0.9, 0.0125},
	{"10 in any second, no Retry-After; 40/s", func() limit { return inAny(10, time.Second) }, false, 40, 10, 0.9, 0.01},
	{"bucket 5/s, burst 10, no Retry-After; 20/s", func() limit { return tokens(5, 10) }, false, 20, 5, 0.95, 0.02},
	{"bucket 20/s, burst 40, no Retry-After; 40/s", func() limit { return tokens(20, 40) }, false, 40, 20, 0.98, 0.0125},
	{"600 in any minute, no Retry-After; 20/s", func() limit { return inAny(600, time.Minute) }, false, 20, 10, 0.98, 0.045},
	{"30, then 60 in any second, no Retry-After; 100/s", func() limit { return changing(30*time.Second, inAny(30, time.Second), inAny(60, time.Second)) }, false, 100, 45, 0.72, 0.01},
	{"60, then 57 in any second, no Retry-After; 100/s", func() limit { return changing(20*time.Second, inAny(60, time.Second), inAny(57, time.Second)) }, false, 100, 58, 0.82, 0.0125},
	{"49 in any second, no Retry-After; 50/s", func() limit { return inAny(49, time.Second) }, false, 50, 49, 0.9, 0.01},
	{"2 % for 20 s, then none; 100/s", func() limit { return changing(20*time.Second, some(.02), some(0)) }, false, 100, 100, 0.7, 0.01},
	{"2 % for 20 s, then 50 in any second; 100/s", func() limit { return changing(20*time.Second, some(.02), inAny(50, time.Second)) }, false, 100, 200. / 3, 0.6, 0.04},
	{"10, then 20 in any second, no Retry-After; 40/s", func() limit { return changing(30*time.Second, inAny(10, time.Second), inAny(20, time.Second)) }, false, 40, 15, 0.68, 0.0125},
}
