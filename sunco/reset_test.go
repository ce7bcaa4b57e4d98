package sunco_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// A 429 without Retry-After may say by other headers when its limit allows calls again.
func TestRetryAfterByTheResetOfALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that time stands still
		in := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
		tests := []struct {
			header http.Header
			want   time.Duration
		}{
			{http.Header{"Ratelimit": {`"default";r=0;t=30`}}, 30 * time.Second},
			{http.Header{"Ratelimit": {`"burst";r=9;t=50, "day";r=0;t=12`}}, 12 * time.Second},
			{http.Header{"Ratelimit": {`"burst";r=0;t=2`, `"day"; r=0; t=40`}}, 40 * time.Second},
			{http.Header{"Ratelimit": {"limit=100, remaining=0, reset=17"}}, 17 * time.Second},
			{http.Header{"Ratelimit": {"limit=100, remaining=3, reset=17"}}, 0},
			{http.Header{"Ratelimit": {`;;=,"",r=0;t=x;t=`}}, 0},
			{http.Header{"Ratelimit-Reset": {"21"}}, 21 * time.Second},
			{http.Header{"X-Ratelimit-Reset": {"8"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Limit": {"600"}}, 8 * time.Second},
			{http.Header{"X-Ratelimit-Reset": {"8"}, "X-Ratelimit-Remaining": {"5"}}, 0},
			{http.Header{"X-Ratelimit-Reset": {"8"}, "X-Ratelimit-Remaining": {"few"}}, 0},
			{http.Header{"X-Rate-Limit-Reset": {"4.5"}}, 4500 * time.Millisecond},
			{http.Header{"X-Ratelimit-Reset": {in(25 * time.Second)}}, 25 * time.Second},
			{http.Header{"X-Ratelimit-Reset": {in(25*time.Second) + "000"}}, 25 * time.Second},
			{http.Header{"X-Ratelimit-Reset": {in(-time.Second)}}, 0},
			{http.Header{"X-Ratelimit-Reset": {in(90 * time.Second)}, "Date": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}, 30 * time.Second},
			{http.Header{"X-Ratelimit-Reset": {in(48 * time.Hour)}}, time.Hour},
			{http.Header{"X-Ratelimit-Reset": {"1e300"}}, 0}, {http.Header{"X-Ratelimit-Reset": {"NaN"}}, 0},
			{http.Header{"X-Ratelimit-Reset": {"-1e300"}}, 0}, {http.Header{"X-Ratelimit-Reset": {"86400"}}, time.Hour},
			{http.Header{"X-Ratelimit-Reset": {"20"}, "Retry-After": {"3"}}, 3 * time.Second},
		}
		for _, test := range tests {
			for _, status := range []int{429, 503} {
				transport := roundTrip(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: status, Header: test.header, Body: http.NoBody, Request: r}, nil
				})
				want := test.want
				if status == 503 && test.header.Get("Retry-After") == "" {
					want = 0 // its limit has nothing to do with it
				}
				if got := asError(t, newAPI(t, sunco.Config{Transport: transport}).App(t.Context())).RetryAfter; got != want {
					t.Errorf("%d with %v: got %v, want %v", status, test.header, got, want)
				}
			}
		}
	})
}
