package chaos

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// refusal is a state in which a Redis does not do what it is asked.
type refusal struct {
	name  string
	begin func(t *trial) (spoil, mend func())
}

func refusals() []refusal {
	return []refusal{
		{"OOM", by("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")},
		{"NOREPLICAS", by("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0")},
		{"READONLY", by("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")},
		{"MASTERDOWN", by("CONFIG SET replica-serve-stale-data no;REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")},
		{"NOAUTH", by("CONFIG SET requirepass secret", "CONFIG SET requirepass ")},
		{"WRONGPASS", wrongPassword},
		{"NOPERM", by("ACL SETUSER default -@write", "ACL SETUSER default +@all")},
		{"max clients", by("CONFIG SET maxclients 1", "CONFIG SET maxclients 1000")},
		{"BUSY", busy},
		{"MISCONF", unsaved},
		{"LOADING", loading},
		{"CLUSTERDOWN", clusterDown},
		{"no answer", silent()},
		{"black hole", silent("--tcp-backlog", "1")}, // not even a connection comes about
		{"refused", refused},
	}
}

// single starts one server, and returns a connection of its own that is let in whatever comes.
func (t *trial) single(args ...string) (*redistest.Server, func(command string)) {
	s := redistest.Start(t.t, args...)
	rdb := s.Client(t.t)
	t.on(s.URL(), rdb)
	conn := rdb.Conn()
	t.t.Cleanup(func() { conn.Close() })
	return s, func(command string) {
		var words []any
		for _, w := range strings.Split(command, " ") {
			words = append(words, w)
		}
		if err := conn.Do(context.Background(), words...).Err(); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// by spoils and mends one server by commands. Connections that were let in before are ended.
func by(spoil, mend string) func(t *trial) (func(), func()) {
	return func(t *trial) (func(), func()) {
		_, do := t.single()
		do("PING")
		return func() {
			for _, command := range strings.Split(spoil, ";") {
				do(command)
			}
			do("CLIENT KILL TYPE normal")
		}, func() { do(mend) }
	}
}

// wrongPassword gives the user of the processes another password.
func wrongPassword(t *trial) (spoil, mend func()) {
	s, do := t.single("--user", "worker", "on", ">old", "~*", "&*", "+@all")
	t.url = "redis://worker:old@" + s.Addr
	return func() { do("ACL SETUSER worker resetpass >new"); do("CLIENT KILL TYPE normal") }, func() { do("ACL SETUSER worker resetpass >old") }
}

// busy lets a script run on and on.
func busy(t *trial) (spoil, mend func()) {
	s, do := t.single("--busy-reply-threshold", "100")
	ended := make(chan struct{})
	spoil = func() {
		rdb := redis.NewClient(&redis.Options{Addr: s.Addr, ReadTimeout: -1, MaxRetries: -1})
		go func() {
			defer close(ended)
			defer rdb.Close()
			_ = rdb.Eval(context.Background(), "while true do end", nil).Err() // it is killed
		}()
		time.Sleep(300 * time.Millisecond)
	}
	return spoil, func() { do("SCRIPT KILL"); <-ended }
}

// unsaved lets no snapshot be written: a folder is in its place.
func unsaved(t *trial) (spoil, mend func()) {
	s, do := t.single()
	rdb := s.Client(t.t)
	dir := rdb.ConfigGet(context.Background(), "dir").Val()["dir"]
	inTheWay := filepath.Join(dir, "dump.rdb")
	status := func(want string) {
		do("BGSAVE")
		t.await("the snapshot is "+want, func() bool {
			info, err := rdb.Info(context.Background(), "persistence").Result()
			return err == nil && strings.Contains(info, "rdb_last_bgsave_status:"+want) && strings.Contains(info, "rdb_bgsave_in_progress:0")
		})
	}
	spoil = func() {
		if err := os.MkdirAll(filepath.Join(inTheWay, "full"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := rdb.ConfigSet(context.Background(), "save", "360000 1").Err(); err != nil {
			t.Fatal(err)
		}
		status("err")
	}
	return spoil, func() {
		if err := os.RemoveAll(inTheWay); err != nil {
			t.Fatal(err)
		}
		status("ok")
	}
}

// loading starts the server again, and lets it take its time with each key.
func loading(t *trial) (spoil, mend func()) {
	s, _ := t.single()
	spoil = func() {
		s.Kill()
		s.Launch(t.t, "--key-load-delay", "30000")
	}
	return spoil, func() {
		s.Kill()
		s.Restart(t.t)
	}
}

// silent stops the server's process.
func silent(args ...string) func(t *trial) (spoil, mend func()) {
	return func(t *trial) (spoil, mend func()) {
		s, _ := t.single(args...)
		return func() { s.Stop(t.t) }, func() { s.Continue(t.t) }
	}
}

// refused ends the server.
func refused(t *trial) (spoil, mend func()) {
	s, _ := t.single()
	return s.Kill, func() { s.Restart(t.t) }
}

// clusterDown takes a slot from the master that has the job's, which then serves none.
func clusterDown(t *trial) (spoil, mend func()) {
	c := redistest.StartCluster(t.t)
	t.on(c.URL(), c.Client(t.t))
	var do func(command string)
	spoil = func() {
		rdb := c.Master(t.t, "{"+t.task.job+"}", nil).Client(t.t)
		slot := rdb.ClusterKeySlot(context.Background(), "{"+t.task.job+"}").Val()
		if slot++; slot%5461 == 0 { // the next master's
			slot -= 2
		}
		do = func(command string) {
			if err := rdb.Do(context.Background(), "CLUSTER", command, slot).Err(); err != nil {
				t.Fatal(err)
			}
		}
		do("DELSLOTS")
	}
	return spoil, func() { do("ADDSLOTS") }
}
