package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// task is the payload of the plain asynq program: a row.
type task struct {
	User string          `json:"user"`
	Body json.RawMessage `json:"body"`
}

const taskType = "create"

// plainEnqueue queues a task per row with 64 goroutines, as a plain asynq program would, and prints
// the seconds that it took.
func plainEnqueue(out io.Writer, server string, rows int) error {
	rdb := redis.NewClient(&redis.Options{Addr: server, PoolSize: concurrency})
	defer rdb.Close()
	client := asynq.NewClientFromRedisClient(rdb)
	start := time.Now()
	err := each(rows, func(r row) error {
		payload, err := json.Marshal(task{r.user, r.body()})
		if err != nil {
			return err
		}
		_, err = client.Enqueue(asynq.NewTask(taskType, payload))
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, time.Since(start).Seconds())
	return err
}

// plainWork works all queued tasks with an asynq server, until the process is killed.
func plainWork(server, api string) error {
	c := newCaller(api)
	srv := asynq.NewServer(asynq.RedisClientOpt{Addr: server, PoolSize: concurrency}, asynq.Config{Concurrency: concurrency, LogLevel: asynq.WarnLevel})
	return srv.Run(asynq.HandlerFunc(func(_ context.Context, t *asynq.Task) error {
		var row task
		if err := json.Unmarshal(t.Payload(), &row); err != nil {
			return err
		}
		return c.create("/v2/apps/app/users/"+row.User+"/clients", row.Body)
	}))
}
