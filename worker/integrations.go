package worker

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

const (
	codeSeveralIntegrations = "several_integrations"
	codeIntegrationUnknown  = "integration_unknown" // nobody may ask which one is meant

	// listLasts is how long a list of integrations is good for names that no row of the job has had before.
	listLasts = time.Minute
	// mostIntegrationPages bounds a list of integrations, of 100 each.
	mostIntegrationPages = 50
)

// errResolved says that it is known which integration a row means, and that it may be attempted.
var errResolved = errors.New("the integration was looked up")

// listed are the integrations of an app as one call of the process has listed them, for all its jobs.
type listed struct {
	mu      sync.Mutex // held while they are listed, so that everybody who waits has that list
	at      time.Time
	all     []sunco.Integration
	refused *sunco.Error // 403: the key may not list them
}

// name is how rows name an integration; one of another type may have the same number or name.
type name struct{ channel, given string }

// named is what it stands for: one id, or else why no row can be attempted.
type named struct {
	id      string
	outcome jobs.Outcome
}

// resolveIntegrations gives rows of the batch the ids of their integrations, as far as they are known, before a pass reads rows of the same user
// beside each other. Done rows have one, too: it distinguishes their clients. The batch keeps what the file says.
func (r *run) resolveIntegrations() {
	for i := range r.tries {
		t := &r.tries[i]
		if t.resolved {
			continue
		}
		if is, known := r.names.get(t.name()); known && is.id != "" {
			row := *t.row
			row.IntegrationID = is.id
			t.row, t.resolved = &row, true
		}
	}
}

func (t *try) name() name { return name{t.row.Type, t.row.IntegrationID} }

// resolve looks up which integration of the row's type has the number or name that the row gives. The row is attempted in the next
// pass, with its id; where none has it, as it stands: it may be an id all the same, and the API says. Where several do, or the key
// may not ask, the outcome is that nobody knows.
func (t *try) resolve(ctx context.Context) (jobs.Outcome, error) {
	l := &t.app.listed
	l.mu.Lock()
	defer l.mu.Unlock()
	is, known := t.names.get(t.name())
	if !known {
		if time.Since(l.at) > listLasts {
			if err := t.listIntegrations(ctx, l); err != nil {
				return jobs.Outcome{}, err
			}
		}
		is = l.find(t.name())
		if is.id != "" {
			t.names.put(t.name(), is)
		}
	}
	if is.id == "" {
		is.outcome.Kind = t.refusedKind()
		return is.outcome, nil
	}
	return jobs.Outcome{}, errResolved
}

// listIntegrations makes a call for each page.
func (t *try) listIntegrations(ctx context.Context, l *listed) error {
	var all []sunco.Integration
	pages := t.app.api.Integrations(sunco.ListQuery{Timeout: t.job.Options.Timeout})
	for n := 0; pages.More() && n < mostIntegrationPages; n++ {
		err := t.call(ctx, listIntegrations, func(ctx context.Context) error {
			page, err := pages.Next(ctx)
			all = append(all, page...)
			return err
		})
		if e, _ := sunco.AsError(err); e != nil && e.Status == http.StatusForbidden && e.Code != codeAppNotFound {
			l.at, l.all, l.refused = time.Now(), nil, e
			return nil
		}
		if err != nil {
			return err
		}
	}
	l.at, l.all, l.refused = time.Now(), all, nil
	return nil
}

// find returns what a name stands for.
func (l *listed) find(n name) named {
	if l.refused != nil {
		return named{outcome: jobs.Outcome{HTTPStatus: l.refused.Status, ErrorCode: codeIntegrationUnknown,
			Error: "the key may not list integrations, so that a number or name cannot stand for one: give the integration's id"}}
	}
	var fit []string
	for _, in := range l.all {
		if in.Answers(n.given) && (in.Type == n.channel || in.ID == n.given) {
			fit = append(fit, in.ID)
		}
	}
	switch len(fit) {
	case 0:
		return named{id: n.given}
	case 1:
		return named{id: fit[0]}
	}
	return named{outcome: jobs.Outcome{HTTPStatus: http.StatusOK, ErrorCode: codeSeveralIntegrations,
		Error: "several integrations have this number or name: give the id of one: " + strings.Join(fit, ", ")}}
}
