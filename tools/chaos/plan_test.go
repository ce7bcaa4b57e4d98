package chaos

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// plan is the work of one run: files, and the commands that bring them in.
type plan struct {
	tasks []*task
	users int // drawn so far: every row has its own, but for pairs
}

// row is a line of an input and what may become of it.
type row struct {
	cells []string // in the order of header
	want  []jobs.Kind
}

func header() []string {
	return []string{"op", "user", "matchCriteria.type", "integrationId", "phoneNumber", "confirmation.type", "confirmation.message", "conversationId", "clientId"}
}

func (r row) op() string          { return r.cells[0] }
func (r row) user() string        { return r.cells[1] }
func (r row) integration() string { return r.cells[3] }
func (r row) client() string      { return r.cells[8] }

// messages tells whether the row is a create that reaches a person.
func (r row) messages() bool { return r.cells[5] == sunco.ConfirmPrompt || r.cells[6] != "" }

// newPlan draws jobs of about the given number of rows: most are queued for the workers, a few run
// embedded and at a rate.
func newPlan(random *rand.Rand, rows, faults int) *plan {
	p := &plan{}
	runs := max(1, faults/20)
	runRows := min(1200, rows/6/runs)
	for i := range runs {
		t := p.add(random, fmt.Sprintf("run-%d", i), runRows)
		t.embedded, t.app, t.rate = true, fmt.Sprintf("app-run-%d", i), 80
		t.steady = i == 0
	}
	queued := max(3, faults/5)
	mean := (rows - runs*runRows) / queued
	for i, left := 0, rows-runs*runRows; left > 0; i++ {
		n := min(left, mean/3+random.IntN(max(1, mean*4/3)))
		if left-n < mean/3 {
			n = left
		}
		t := p.add(random, fmt.Sprintf("job-%d", i), n)
		t.app = apps()[random.IntN(len(apps()))]
		t.rate = []int{0, 300, 600}[random.IntN(3)]
		left -= n
	}
	random.Shuffle(len(p.tasks), func(i, j int) { p.tasks[i], p.tasks[j] = p.tasks[j], p.tasks[i] })
	return p
}

func (p *plan) add(random *rand.Rand, name string, rows int) *task {
	t := &task{name: name, batch: []int{1, 5, 20, 100, 250}[random.IntN(5)]}
	kind := []string{"create", "create", "mixed", "mixed", "remove", "list"}[random.IntN(6)]
	for len(t.rows) < rows {
		t.rows = append(t.rows, p.draw(random, kind)...)
	}
	t.rows = t.rows[:rows]
	p.tasks = append(p.tasks, t)
	return t
}

// draw makes a row, or two of one user.
func (p *plan) draw(random *rand.Rand, kind string) []row {
	if kind == "mixed" {
		kind = []string{"create", "remove", "list"}[random.IntN(3)]
	}
	p.users++
	user := fmt.Sprintf("user-%07d", p.users)
	switch kind {
	case "remove":
		return []row{{[]string{"remove", user, "", "", "", "", "", "", "client-" + user}, []jobs.Kind{jobs.OK, jobs.Noop}}}
	case "list":
		return []row{{[]string{"list", user, "", "", "", "", "", "", ""}, []jobs.Kind{jobs.OK}}}
	}
	create := func(integration string) row {
		phone := fmt.Sprintf("+1212%06d5", p.users%1_000_000)
		return row{[]string{"create", user, "whatsapp", integration, phone, "immediate", "", "chat", ""}, []jobs.Kind{jobs.OK}}
	}
	first := create("whatsapp-1")
	switch n := random.IntN(100); {
	case n < 7:
		first.cells[5], first.want = "prompt", []jobs.Kind{jobs.OK, jobs.InDoubt}
	case n < 14:
		first.cells[6], first.want = `{"author":{"type":"business"},"content":{"type":"text","text":"Hello"}}`, []jobs.Kind{jobs.OK, jobs.InDoubt}
	case n < 15:
		first.cells[1], first.want = "unknown-"+user, []jobs.Kind{jobs.Failed}
	case n < 16:
		first.cells[4], first.want = "212 555", []jobs.Kind{jobs.Rejected}
	case n < 20:
		return []row{first, create("whatsapp-2")}
	}
	return []row{first}
}

// world holds the clients that are to be removed; everybody else exists as well.
func (p *plan) world() suncotest.World {
	w := suncotest.World{Lenient: true}
	for _, t := range p.tasks {
		for _, r := range t.rows {
			if r.op() == "remove" {
				w.Users = append(w.Users, suncotest.User{ID: r.user(), Clients: []sunco.Client{
					{ID: r.client(), Type: "whatsapp", Status: sunco.StatusActive, IntegrationID: "whatsapp-1"}}})
			}
		}
	}
	return w
}

// write makes the input file of a task.
func (t *task) write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	lines := [][]string{header()}
	for _, r := range t.rows {
		lines = append(lines, r.cells)
	}
	return w.WriteAll(lines)
}

// flags are those that a job's options come from.
func (t *task) flags() []string {
	return []string{"--app", t.app, "--rate", strconv.Itoa(t.rate), "--burst", strconv.Itoa(t.burst()), "--batch", strconv.Itoa(t.batch),
		"--attempts", "40", "--timeout", "2s", "--max-failures", "100%", "--quiet"}
}

func (t *task) burst() int { return max(1, t.rate/10) }

// allows tells whether a row may end as the given kind.
func (r row) allows(k jobs.Kind) bool { return slices.Contains(r.want, k) }
