package service_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
)

// needs is the right that each use case of an actor asks for: written down here once more, so that a change is seen.
var needs = map[string]service.Right{
	"Job": service.See, "Status": service.See, "Jobs": service.See, "Rows": service.See, "Row": service.See, "Runs": service.See, "Run": service.See, "Schedules": service.See, "Schedule": service.See,
	"Rate": service.See, "Plan": service.See, "Plans": service.See, "FirstRows": service.See, "File": service.See,
	"Pause": service.Operate, "Resume": service.Operate, "Cancel": service.Operate, "Retry": service.Operate, "SetRate": service.Operate, "AddUpload": service.Operate, "UseUpload": service.Operate,
	"AddPlan": service.Operate, "AskApproval": service.Operate, "ToStart": service.Operate, "Decide": service.Approve, "Acts": service.Acts,
	"Works": service.See, "Mapping": service.Operate, "Mappings": service.Operate, "SaveMapping": service.Operate, "RemoveMapping": service.Operate,
	"AddRunbookPlan": service.Operate, "ReadRunbook": service.People,
}

// TestEachUseCaseAsksForItsRight calls every use case that an actor has, without a Redis behind it: who lacks the right is refused before
// anything is looked at, also where a role allows what a read-only front end does not.
func TestEachUseCaseAsksForItsRight(t *testing.T) {
	t.Parallel()
	none := []string{"Allow", "Mask", "IsOwn", "Refused"} // look at nothing
	kind := reflect.TypeFor[*service.Authorized]()
	for i := range kind.NumMethod() {
		m := kind.Method(i)
		if slices.Contains(none, m.Name) {
			continue
		}
		right, known := needs[m.Name]
		if !known {
			t.Errorf("%s: the test does not know its right", m.Name)
			continue
		}
		for _, role := range append(service.Roles(), "") {
			for _, readOnly := range []bool{false, true} {
				actor := service.Actor{Name: "ann", Role: role, ReadOnly: readOnly}
				if actor.May(right) {
					continue
				}
				args := []reflect.Value{reflect.ValueOf((&service.Service{}).As(actor))}
				for n := 1; n < m.Type.NumIn(); n++ {
					if m.Type.In(n) == reflect.TypeFor[context.Context]() {
						args = append(args, reflect.ValueOf(t.Context()))
					} else {
						args = append(args, reflect.Zero(m.Type.In(n)))
					}
				}
				results := m.Func.Call(args)
				e, ok := results[len(results)-1].Interface().(*service.Forbidden)
				if !ok || e.Right != right || e.Error() == "" {
					t.Errorf("%s by %q, read-only %v: got %v, want *Forbidden for %s", m.Name, role, readOnly, results[len(results)-1], right)
				}
			}
		}
	}
}

// TestRoles: what each role may do, and that a read-only front end changes nothing.
func TestRoles(t *testing.T) {
	t.Parallel()
	all := []service.Right{service.See, service.People, service.Operate, service.Approve, service.Acts}
	for role, want := range map[service.Role][]service.Right{
		"": nil, "king": nil, service.Viewer: {service.See}, service.Operator: {service.See, service.People, service.Operate, service.Acts},
		service.Approver: {service.See, service.People, service.Approve, service.Acts}, service.Admin: all,
	} {
		for _, r := range all {
			if got := (service.Actor{Role: role}).May(r); got != slices.Contains(want, r) {
				t.Errorf("%q may %s: got %v", role, r, got)
			}
			changes := r == service.Operate || r == service.Approve
			if got := (service.Actor{Role: role, ReadOnly: true}).May(r); got != (slices.Contains(want, r) && !changes) {
				t.Errorf("%q may %s though all is read-only: got %v", role, r, got)
			}
		}
	}
}
