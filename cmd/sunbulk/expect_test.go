package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/crmtest"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// How many calls an ensure takes depends on what the API has: a plan with a check says it within a tenth.
func TestPlanCheckExpectsCalls(t *testing.T) {
	const rows = 600
	random := rand.New(rand.NewPCG(1, 2))
	for _, there := range []float64{0, 0.5, 1} {
		world := suncotest.World{Integrations: []suncotest.Integration{{ID: crmtest.Integration, Type: "whatsapp"}}}
		lines := []string{"user,phoneNumber"}
		for i := range rows {
			u := suncotest.User{ID: fmt.Sprintf("5e9cb902%016x", i), Conversations: []suncotest.Conversation{{ID: fmt.Sprintf("64bd7627%016x", i)}}}
			if random.Float64() < there {
				u.Clients = []sunco.Client{{ID: fmt.Sprintf("61e00000%016x", i), Type: "whatsapp", Status: sunco.StatusActive, IntegrationID: crmtest.Integration}}
			}
			world.Users = append(world.Users, u)
			lines = append(lines, fmt.Sprintf("%s,+4477009%05d", u.ID, i+1))
		}
		sim := suncotest.New(suncotest.Config{World: world})
		server := httptest.NewServer(sim)
		t.Setenv("SUNBULK_TOKEN", "token")
		dir := t.TempDir()
		input := filepath.Join(dir, "rows.csv")
		if err := os.WriteFile(input, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		flags := []string{
			input, "--app", "app", "--op", "ensure", "--set", "matchCriteria.type=whatsapp", "--set", "integrationId=" + crmtest.Integration, "--set", "confirmation.type=immediate",
			"--set", "conversationId=latest", "--rate", "0", "--base-url", server.URL,
		}
		out, _ := command(t, exitOK, append([]string{"plan", "--check", "--json"}, flags...)...)
		var p planned
		if err := json.Unmarshal([]byte(out), &p); err != nil {
			t.Fatal(err)
		}
		expected := cmp.Or(p.Check.ExpectedCalls, p.Calls)
		before := callsOf(sim)
		command(t, exitOK, append([]string{"run", "--quiet", "--out", filepath.Join(dir, "out")}, flags...)...)
		calls := callsOf(sim) - before
		t.Logf("%d calls were planned at most, %d expected, %d made", p.Calls, expected, calls)
		if expected < calls*9/10 || expected > calls*11/10 {
			t.Errorf("%v there: %d calls were expected, %d made", there, expected, calls)
		}
		server.Close()
	}
}
