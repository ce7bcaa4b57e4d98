package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// concurrency is how many calls every program has in flight: sunbulk's default.
const concurrency = 64

// loop is the least that a Go program can do: a create per row by net/http, with as many
// goroutines as sunbulk has calls in flight.
func loop(api string, rows int) error {
	c := newCaller(api)
	return each(rows, func(r row) error { return c.create(r.path(), r.body()) })
}

// caller makes creates over connections that stay open.
type caller struct {
	api    string
	client *http.Client
}

func newCaller(api string) *caller {
	return &caller{api, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}}
}

// create sends one create and reads the whole answer.
func (c *caller) create(path string, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, "http://"+c.api+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer any")
	req.Header.Set("Content-Type", "application/json")
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("the API answered %s", res.Status)
	}
	return nil
}
