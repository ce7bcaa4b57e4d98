package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/mappings"
	"github.com/sunbulk/sunbulk/jobs"
)

// Mappings returns the saved mappings of an app, or of all that the actor may see.
func (a *Authorized) Mappings(ctx context.Context, app string) ([]mappings.Mapping, error) {
	all, apps := []mappings.Mapping{}, []string{app}
	err := a.Allow(Operate)
	if err == nil && app == "" {
		apps, err = a.s.mappings.Apps(ctx)
	}
	for _, app := range apps {
		if err != nil {
			break
		}
		if a.actor.Sees(app) {
			var some []mappings.Mapping
			some, err = a.s.mappings.Mappings(ctx, app)
			all = append(all, some...)
		}
	}
	return all, err
}

// Mapping returns one.
func (a *Authorized) Mapping(ctx context.Context, app, name string) (mappings.Mapping, error) {
	if err := a.Allow(Operate); err != nil {
		return mappings.Mapping{}, err
	}
	m, err := a.s.mappings.Mapping(ctx, app, name)
	return m, a.aboutMapping(app, name, err)
}

func (a *Authorized) aboutMapping(app, name string, err error) error {
	if errors.Is(err, mappings.ErrNone) || !a.actor.Sees(app) {
		return &NotFound{Kind: "mapping", ID: jobs.Line(name)}
	}
	return err
}

// SaveMapping keeps a mapping under its name, in place of an earlier one.
func (a *Authorized) SaveMapping(ctx context.Context, m mappings.Mapping) (mappings.Mapping, error) {
	if err := a.mayApp(Operate, m.App); err != nil {
		return m, err
	}
	if !mappings.IsName(m.Name) {
		return m, &Invalid{"name", "a mapping's name has 1 to 64 letters, digits, spaces, dots, dashes and underscores"}
	}
	m.Who, m.At = a.actor.Who(), time.Now().UTC()
	var err error
	m.Version, err = a.s.mappings.Save(ctx, m)
	if errors.Is(err, mappings.ErrFull) {
		return m, &Invalid{"name", err.Error() + ": remove one that nobody uses"}
	}
	return m, a.s.record(ctx, a.by(""), audit.Entry{What: audit.Save, App: m.App, Detail: fmt.Sprintf("mapping %s, version %d", m.Name, m.Version)}, err)
}

// RemoveMapping removes one.
func (a *Authorized) RemoveMapping(ctx context.Context, app, name string) error {
	if err := a.mayApp(Operate, app); err != nil {
		return err
	}
	err := a.aboutMapping(app, name, a.s.mappings.Remove(ctx, app, name))
	return a.s.record(ctx, a.by(""), audit.Entry{What: audit.Remove, App: app, Detail: "mapping " + name}, err)
}
