package suncotest

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// chance names what a draw decides, so that the draws of one call do not depend on each other.
type chance uint64

const (
	chance429 chance = iota + 1
	chance503
	chance503After
	chanceLatency
	chanceCutBefore
	chanceCutAfter
	chanceHang
	chanceHalf
	chanceFailedLink
	chanceEarly
	chanceTwice
	chanceLate
	chanceSwapped
	chanceDropped
	chanceWrongKey
	chanceCancelledLink
	chanceTakenLink
	chanceMergedLink
)

// draws gives a call's random numbers: the same ones for the same seed and number of the call.
type draws struct{ seed, number uint64 }

// draw is in [0, 1). The mixing is that of SplitMix64.
func (d draws) draw(c chance) float64 {
	x := d.seed + d.number*0x9e3779b97f4a7c15 + uint64(c)*0xd1342543de82ef95
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

func (d draws) hit(share float64, c chance) bool { return share > 0 && d.draw(c) < share }

// faults are what one call on users, clients or conversations meets.
type faults struct {
	*Knobs
	draws
}

// before takes the call's time and answers it if a fault comes before its work; it reports whether the work is to be done.
func (f faults) before(out *writer, r *http.Request) bool {
	f.delay(r)
	switch {
	case f.hit(f.Share429, chance429):
		out.send(f.tooMany(time.Second))
	case f.hit(f.Share503, chance503):
		out.send(f.serverError())
	case f.hit(f.CutBefore, chanceCutBefore):
		panic(http.ErrAbortHandler)
	default:
		return true
	}
	return false
}

// after sends the answer unless a fault follows the work. A hanging call ends when the caller goes or closed is.
func (f faults) after(out *writer, r *http.Request, answer response, closed <-chan struct{}) {
	switch {
	case f.hit(f.CutAfter, chanceCutAfter):
		panic(http.ErrAbortHandler)
	case f.hit(f.Hang, chanceHang):
		select {
		case <-r.Context().Done():
		case <-closed:
		}
		panic(http.ErrAbortHandler)
	case f.hit(f.Share503After, chance503After):
		out.send(f.serverError())
	case f.hit(f.HalfAnswer, chanceHalf):
		out.sendHalf(answer)
	default:
		out.send(answer)
	}
}

func (f faults) delay(r *http.Request) {
	span := max(f.LatencyMax-f.LatencyMin, 0)
	latency := f.LatencyMin + time.Duration(f.draw(chanceLatency)*float64(span))
	if latency <= 0 {
		return
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

func (f faults) tooMany(wait time.Duration) response {
	r := refusal(http.StatusTooManyRequests, "", "")
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	// A time has whole seconds: rounded down, it would be too early.
	back := time.Now().Add(wait + time.Second - 1)
	switch f.RetryAfter {
	case RetryAfterNone:
	case RetryAfterDate:
		r.wait("Retry-After", back.UTC().Format(http.TimeFormat))
	case RetryAfterReset:
		r.wait("X-RateLimit-Remaining", "0")
		r.wait("X-RateLimit-Reset", strconv.FormatInt(back.Unix(), 10))
	case RetryAfterRateLimit:
		r.wait("RateLimit", `"default";r=0;t=`+seconds)
	default:
		r.wait("Retry-After", seconds)
	}
	return r
}

func (f faults) serverError() response {
	status := f.Status503
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	if !f.HTML503 {
		return refusal(status, "", "")
	}
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	return response{status: status, html: true, body: []byte("<html>\n<head><title>" + text +
		"</title></head>\n<body><center><h1>" + text + "</h1></center></body>\n</html>\n")}
}
