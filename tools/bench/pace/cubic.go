package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace/cubic"
)

// peer is a client that follows CUBIC.
type peer struct{ *cubic.Client }

// run creates clients at an API, with 64 calls in flight, until the returned function is called.
func (p peer) run(base string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for n := i; p.Wait(ctx) == nil; n += 64 {
				p.create(ctx, client, base, n)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func (p peer) create(ctx context.Context, client *http.Client, base string, n int) {
	body := fmt.Sprintf(`{"matchCriteria":{"type":"whatsapp","integrationId":"int-1","phoneNumber":"+1212%07d"},"confirmation":{"type":"immediate"},"target":{"conversationId":"conv-1"}}`, n)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/v2/apps/app/users/user-%d/clients", base, n), strings.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer any")
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusTooManyRequests {
		p.Answered()
		return
	}
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	p.Throttled(time.Duration(seconds) * time.Second)
}
