package schedule

import (
	"context"
	"fmt"
	"time"
)

const (
	tellingLease = 30 * time.Second // also the pause after an attempt that failed
	stale        = 24 * time.Hour   // an older entry is history: nobody is notified
)

// pass deals with slots, or a run that was asked for, without a run, and says so.
func (s *Server) pass(ctx context.Context, k *known, c claim, e Entry) (ok bool, err error) {
	if ok, err = s.store.pass(ctx, k.Name, c, e); ok {
		s.log(k, e)
	}
	return ok, err
}

// settle ends an order, and says what became of it.
func (s *Server) settle(ctx context.Context, k *known, fence int64, e Entry) error {
	run := ""
	if e.What == Started {
		run = e.Run
	}
	ours, err := s.store.settle(ctx, k.Name, fence, run, e)
	if ours {
		s.log(k, e)
	}
	return err
}

// log says what became of a slot: aloud when no run started.
func (s *Server) log(k *known, e Entry) {
	l := s.cfg.Logger.With("schedule", k.Name, "app", k.Runbook.App, "slot", e.Slot.UTC().Format(time.RFC3339))
	if e.Slots > 1 {
		l = l.With("slots", e.Slots)
	}
	if e.What == Started {
		l.Info("started scheduled run", "run", e.Run)
		return
	}
	l.Warn("no scheduled run was started", "what", e.What, "reason", e.Reason)
}

// tell tells people of the slots that started no run, when it is this server's turn.
func (s *Server) tell(ctx context.Context, k *known, st standing) error {
	if s.cfg.Tell == nil || st.owed == st.told {
		return nil
	}
	told, err := s.store.telling(ctx, st.name)
	if err != nil || told == "" {
		return err
	}
	messages, err := s.store.rdb.XRange(ctx, historyKey(st.name), "("+told, st.owed).Result()
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	for _, m := range messages {
		e := parseEntry(m)
		if !e.passed() || time.Since(e.At) > stale {
			continue
		}
		if err := s.cfg.Tell(ctx, k.Schedule, e); err != nil {
			return err
		}
		if err := s.store.told(ctx, st.name, e.ID, false); err != nil {
			return err
		}
	}
	return s.store.told(ctx, st.name, st.owed, true)
}

// telling takes the telling of what is owed, and returns the entry up to which people were notified; empty
// when it is another worker's turn.
func (s *Store) telling(ctx context.Context, name string) (told string, err error) {
	told, err = tellingScript.Run(ctx, s.rdb, []string{key(name)}, tellingLease.Milliseconds()).Text()
	if err != nil {
		return "", fmt.Errorf("take what is to be reported: %w", err)
	}
	return told, nil
}

// told notes up to which entry people were notified; done lets any worker tell the next at once.
func (s *Store) told(ctx context.Context, name, entry string, done bool) error {
	if err := toldScript.Run(ctx, s.rdb, []string{key(name)}, entry, done).Err(); err != nil {
		return fmt.Errorf("note what was reported: %w", err)
	}
	return nil
}
