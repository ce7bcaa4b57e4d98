package service_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// I12: records that cannot be read are named, hide no other, and are dropped by their ids.
func TestI12UnreadableRecordsHideNoOther(t *testing.T) {
	b := newBench(t)
	rdb := b.Redis()
	job := b.submit(b.lists("rows.csv", 3))
	at := float64(time.Now().Add(-time.Hour).UnixMilli())
	const options = `{"app":"` + app + `","batch":10}`
	records := map[string]func(key string) error{
		"20261104-000000-aaa1": func(key string) error {
			return rdb.HSet(t.Context(), key, "state", "dreaming", "options", options).Err()
		},
		"20261104-000000-aaa5": func(key string) error { // of a newer release
			return rdb.HSet(t.Context(), key, "state", "finished", "options", options, "finished", 1, "version", 2).Err()
		},
		"20261104-000000-aaa2": func(key string) error { return rdb.RPush(t.Context(), key, "no hash").Err() },
		"20261104-000000-aaa3": func(string) error { return nil }, // lost
		"20261104-000000-aaa4": func(key string) error {
			return rdb.HSet(t.Context(), key, "state", "finished", "options", `{"app": 12}`, "finished", 1).Err()
		},
	}
	for id, fill := range records {
		if err := errors.Join(fill("sunbulk:{"+id+"}"), rdb.ZAdd(t.Context(), "sunbulk:jobs", redis.Z{Score: at, Member: id}).Err()); err != nil {
			t.Fatal(err)
		}
	}
	const run = "20261104-000000-bbb1"
	if err := errors.Join(rdb.HSet(t.Context(), "sunbulk:run:{"+run+"}", "state", "running", "head", `{"runbook": 7}`).Err(),
		rdb.ZAdd(t.Context(), "sunbulk:runs", redis.Z{Score: at, Member: run}).Err()); err != nil {
		t.Fatal(err)
	}

	all, unreadable, err := b.Jobs(t.Context())
	if err != nil || len(all) != 1 || all[0].Job != job.ID {
		t.Fatalf("jobs: got %v, %v; want %s alone", all, err, job.ID)
	}
	named := ids(unreadable)
	_, older, err := b.EndedBefore(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for id := range records {
		if !slices.Contains(named, id) || !slices.Contains(ids(older), id) {
			t.Errorf("%s is not named", id)
		}
	}
	if !slices.Contains(ids(older), run) {
		t.Errorf("run %s is not named", run)
	}
	if err := b.SetRate(t.Context(), app, "7", service.Holding{}, by("")); err != nil {
		t.Errorf("set the rate: %v", err)
	}
	if done := b.work(job.ID); done.Tally.OK != 3 {
		t.Errorf("the other job: got %+v, want 3 ok", done.Tally)
	}

	for id := range records {
		if err := b.Forget(t.Context(), id, by("")); err != nil {
			t.Errorf("forget %s: %v", id, err)
		}
	}
	if err := b.Forget(t.Context(), run, by("")); err != nil {
		t.Errorf("forget run %s: %v", run, err)
	}
	if _, older, err = b.EndedBefore(t.Context(), time.Now()); err != nil || len(older) != 0 {
		t.Errorf("left: %v, %v", older, err)
	}
	keys, err := rdb.Keys(t.Context(), "*20261104*").Result()
	if err != nil || len(keys) != 0 {
		t.Errorf("left: %v, %v", keys, err)
	}
	if err := b.Forget(t.Context(), "20261104-000000-aaa3", by("")); !errors.As(err, new(*service.NotFound)) {
		t.Errorf("forget what is not there: got %v", err)
	}
}

// I12: schedules that cannot be read are named, hide no other, and are removed by their names.
func TestI12UnreadableSchedulesHideNoOther(t *testing.T) {
	b := newBench(t)
	rdb, ctx := b.Redis(), t.Context()
	apply := func(name string) {
		t.Helper()
		flow := &runbook.Flow{Runbook: &runbook.Runbook{Name: name, App: app, Steps: []runbook.Step{{Name: "find", Op: jobs.List}},
			Schedule: &runbook.Schedule{Cron: "0 3 * * *"}}}
		if _, err := b.ApplySchedules(ctx, []*runbook.Flow{flow}, by("")); err != nil {
			t.Fatal(err)
		}
	}
	apply("good")
	broken := map[string]func(key string) error{
		"list": func(key string) error {
			return errors.Join(rdb.Del(ctx, key).Err(), rdb.RPush(ctx, key, "no hash").Err())
		},
		"history": func(key string) error {
			return errors.Join(rdb.Del(ctx, key+":history").Err(), rdb.Set(ctx, key+":history", 1, 0).Err())
		},
		"runs":  func(key string) error { return rdb.Set(ctx, key+":running", 1, 0).Err() },
		"newer": func(key string) error { return rdb.HSet(ctx, key, "runbook", `{"name":"newer","teleport":1}`).Err() },
		"never": func(key string) error {
			return rdb.HSet(ctx, key, "runbook", `{"name":"never","steps":[{"name":"find","op":"list"}]}`).Err()
		},
		"cron": func(key string) error {
			return rdb.HSet(ctx, key, "runbook", `{"name":"cron","steps":[{"name":"find","op":"list"}],"schedule":{"cron":"61 * * * *"}}`).Err()
		},
		"versions": func(key string) error { return rdb.HSet(ctx, key, "version", "two").Err() },
	}
	for name, breaks := range broken {
		apply(name)
		if err := breaks("sunbulk:schedule:{" + name + "}"); err != nil {
			t.Fatal(err)
		}
	}
	all, unreadable, err := b.Schedules(ctx)
	if err != nil || len(all) != 1 || all[0].Name != "good" {
		t.Fatalf("schedules: got %v, %v; want good alone", all, err)
	}
	if got, want := slices.Sorted(slices.Values(ids(unreadable))), slices.Sorted(maps.Keys(broken)); !slices.Equal(got, want) {
		t.Errorf("unreadable: got %v, want %v", got, want)
	}
	for name := range broken {
		if err := b.RemoveSchedule(ctx, name, by("")); err != nil {
			t.Errorf("remove %s: %v", name, err)
		}
	}
	// One whose record is lost is in the list of names alone.
	if err := rdb.SAdd(ctx, "sunbulk:schedules", "lost").Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.RemoveSchedule(ctx, "lost", by("")); err != nil {
		t.Errorf("remove a lost one: %v", err)
	}
	if err := b.RemoveSchedule(ctx, "lost", by("")); !errors.As(err, new(*service.NotFound)) {
		t.Errorf("remove it twice: got %v", err)
	}
	if all, unreadable, err := b.Schedules(ctx); err != nil || len(all) != 1 || len(unreadable) != 0 {
		t.Errorf("left: %v, %v, %v", all, unreadable, err)
	}
}

// A job that cannot be read is not dropped under the hands of workers that can.
func TestForgetLeavesAnUnreadableJobThatIsServed(t *testing.T) {
	b := newBench(t)
	const id, key = "20261104-000000-ccc1", "sunbulk:{20261104-000000-ccc1}"
	now, err := b.Redis().Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	heartbeat := fmt.Sprintf("%[1]d:%[1]d:0:calling:%[1]d=0", now.Add(time.Hour).UnixMilli()) // which does not lapse
	if err := errors.Join(b.Redis().HSet(t.Context(), key, "state", "of tomorrow").Err(), b.Redis().ZAdd(t.Context(), "sunbulk:jobs", redis.Z{Member: id}).Err(),
		b.Redis().HSet(t.Context(), key+":alive", "newer-1-ABC", heartbeat).Err()); err != nil {
		t.Fatal(err)
	}
	if err := b.Forget(t.Context(), id, by("")); !errors.As(err, new(*service.Conflict)) {
		t.Errorf("got %v, want that a worker serves it", err)
	}
}

func ids(unreadable []error) (all []string) {
	for _, err := range unreadable {
		if e, ok := errors.AsType[*service.Unreadable](err); ok {
			all = append(all, e.ID)
		}
	}
	return all
}
