package service_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// losing is a hook of a client that does something once, when the job is sealed.
type losing struct {
	redis.Hook
	lose func(ctx context.Context)
	done bool
}

func (l *losing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *losing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *losing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if seals := strings.Contains(fmt.Sprintf("%s", cmd.Args()), "users.csv"); seals && err == nil && !l.done {
			l.done = true
			l.lose(ctx)
		}
		return err
	}
}

// What Redis loses while an input is queued is queued again before that is called done.
func TestI10WhatIsLostWhileQueuingIsQueuedAgain(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, ctx context.Context, rdb redis.UniversalClient){
		"tasks": func(t *testing.T, ctx context.Context, rdb redis.UniversalClient) {
			keys, err := rdb.Keys(ctx, "asynq:*:t:*").Result()
			if err != nil || len(keys) != 4 || rdb.Del(ctx, keys[1:3]...).Err() != nil {
				t.Errorf("got tasks %q, %v", keys, err)
			}
		},
		"the end": func(t *testing.T, ctx context.Context, rdb redis.UniversalClient) {
			keys, err := rdb.Keys(ctx, "sunbulk:{*}").Result()
			i := slices.IndexFunc(keys, func(k string) bool { return strings.HasSuffix(k, "}") })
			if err != nil || i < 0 || rdb.HSet(ctx, keys[i], "sealed", "0", "state", "enqueuing", "read", "20", "batches", "2").Err() != nil {
				t.Errorf("got jobs %q, %v", keys, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			rdb := b.Redis()
			hook := &losing{lose: func(ctx context.Context) { lose(t, ctx, rdb) }}
			rdb.AddHook(hook)
			o := b.lists("users.csv", 35)
			var notes []string
			o.Note = func(text string) { notes = append(notes, text) }
			job := b.submit(o)
			if !hook.done || len(notes) != 1 || !strings.Contains(notes[0], "queuing what is missing") {
				t.Errorf("got notes %q, want one that says what is done", notes)
			}
			status, _, err := b.Status(t.Context(), job.ID)
			if err != nil || !job.Sealed || job.Tally.Read != 35 || job.Batches != 4 || status.Lost != 0 {
				t.Errorf("got %+v in %d batches, sealed %v, %d lost, %v; want 35 rows in 4 batches, none lost", job.Tally, job.Batches, job.Sealed, status.Lost, err)
			}
		})
	}
}
