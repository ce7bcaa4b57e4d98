package service

import (
	"slices"

	"github.com/sunbulk/sunbulk/internal/audit"
)

// Role is what somebody may do: a word for a set of rights.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // sees jobs, runs and schedules, without phone numbers and addresses
	Operator Role = "operator" // sees all, starts jobs and moves them
	Approver Role = "approver" // sees all, approves or refuses what others plan
	Admin    Role = "admin"    // may do everything
)

// Roles are all roles.
func Roles() []Role { return []Role{Viewer, Operator, Approver, Admin} }

// Right is what a use case asks for.
type Right string

// The rights.
const (
	See     Right = "see"    // jobs, runs and schedules in numbers
	People  Right = "people" // phone numbers and addresses
	Operate Right = "operate"
	Approve Right = "approve" // what others plan
	Acts    Right = "acts"    // of people, as the audit log has them
)

// rights are those of each role.
var rights = map[Role][]Right{
	Viewer:   {See},
	Operator: {See, People, Operate, Acts},
	Approver: {See, People, Approve, Acts},
	Admin:    {See, People, Operate, Approve, Acts},
}

// Actor is who asks for something by a front end that tells people apart.
type Actor struct {
	Name     string
	Owner    string    // the person whose token it is; empty = that is not known
	Role     Role      // empty = they may do nothing
	Apps     []string  // whose jobs they may see and move; nil = all
	From     string    // address
	Via      audit.Via // the front end
	ReadOnly bool      // whatever the role, they change nothing
}

// May tells whether the actor has a right.
func (a Actor) May(r Right) bool {
	return slices.Contains(rights[a.Role], r) && !(a.ReadOnly && r.changes())
}

func (r Right) changes() bool { return r == Operate || r == Approve }

// Holder is the role that a right is meant for.
func (r Right) Holder() Role {
	if r == Approve {
		return Approver
	}
	return Operator
}

// Sees tells whether the actor may see what belongs to an app.
func (a Actor) Sees(app string) bool { return a.Apps == nil || slices.Contains(a.Apps, app) }

// Who names the actor in what is kept.
func (a Actor) Who() string {
	if a.From == "" {
		return a.Name
	}
	return a.Name + "@" + a.From
}

// Forbidden says that an actor lacks a right.
type Forbidden struct {
	Actor Actor
	Right Right
	File  string // that names people; empty = it is about no file
}

func (e *Forbidden) Error() string {
	switch {
	case e.Actor.Role == "":
		return "no group of " + e.Actor.Name + " has a role here"
	case e.File != "":
		return "the file names people, and the role " + string(e.Actor.Role) + " may not see them"
	case e.ReadOnly():
		return "the console is read-only"
	}
	return "the role " + string(e.Actor.Role) + " may not do this"
}

// ReadOnly tells whether the role alone would allow it.
func (e *Forbidden) ReadOnly() bool {
	return e.Actor.ReadOnly && slices.Contains(rights[e.Actor.Role], e.Right)
}

// Authorized is the use cases as one actor may use them: each asks for a right, and sees only what belongs to the actor's apps. What
// belongs to others is *NotFound, as if it were not there; a right that is missing is *Forbidden, before anything else is looked at.
// Who may not see people gets their numbers and addresses masked, and who is shown them is noted in the audit log.
type Authorized struct {
	s     *Service
	actor Actor
}

// As returns the use cases for an actor.
func (s *Service) As(a Actor) *Authorized { return &Authorized{s, a} }

// Allow tells whether the actor has a right, for what has no use case of its own, such as an empty form.
func (a *Authorized) Allow(r Right) error {
	if !a.actor.May(r) {
		return &Forbidden{Actor: a.actor, Right: r}
	}
	return nil
}

// by is the actor, for what is kept of an act.
func (a *Authorized) by(reason string) By {
	return By{Who: a.actor.Who(), Owner: a.actor.Owner, Reason: reason, Via: a.actor.Via}
}
