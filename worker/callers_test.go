package worker

import (
	"context"
	"testing"
)

func TestCallersAreAsManyAsCallsInFlight(t *testing.T) {
	const most = 2
	c := newCallers(most)
	begun, leave := make(chan struct{}), make(chan struct{})
	for range most {
		if !c.do(t.Context(), func() { begun <- struct{}{}; <-leave }) {
			t.Fatal("a free caller did not do the work")
		}
	}
	for range most {
		<-begun
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if c.do(stopped, func() { t.Error("work was begun after the end of its context") }) {
		t.Error("got true where no caller was free")
	}
	close(leave)
	done := 0
	for range 10 * most {
		c.do(t.Context(), func() { done++; begun <- struct{}{} })
		<-begun
	}
	c.end()
	if want := 10 * most; done != want {
		t.Errorf("got %d pieces of work done, want %d", done, want)
	}
}
