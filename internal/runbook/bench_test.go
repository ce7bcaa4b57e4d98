package runbook

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

// BenchmarkPassage takes the rows of a list, each with two clients of which one goes on, to the next step.
func BenchmarkPassage(b *testing.B) {
	const rows = 10_000
	f, err := cleanup().Compile(map[string]string{"old": oldIntegration})
	if err != nil {
		b.Fatal(err)
	}
	var chunks []jobs.Chunk
	for n := int64(1); n <= rows; n += 100 {
		var chunk jobs.Chunk
		for i := n; i < n+100; i++ {
			chunk.Outcomes = append(chunk.Outcomes, jobs.Outcome{
				Row: jobs.Row{Number: i, Line: i + 1, Op: jobs.List, User: fmt.Sprintf("user-%d", i)}, Kind: jobs.OK,
				Clients: []json.RawMessage{client(fmt.Sprintf("sdk%d", i), "", "+1"), client(fmt.Sprintf("old%d", i), oldIntegration, "+1")},
			})
		}
		chunks = append(chunks, chunk)
	}
	before := jobs.Job{Options: jobs.Options{Filter: jobs.Filter{Where: f.Steps[0].Where, Vars: fmt.Sprintf(`{"old":%q}`, oldIntegration)}}, Created: began}
	b.ReportAllocs()
	for b.Loop() {
		p, err := f.Passage(1, before, func(yield func(jobs.Chunk, error) bool) {
			for _, chunk := range chunks {
				if !yield(chunk, nil) {
					return
				}
			}
		}, began)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for range p.Records() {
			n++
		}
		if n != rows || p.Err != nil {
			b.Fatalf("got %d rows, %v", n, p.Err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/rows, "µs/row")
}

func cleanup() *Runbook {
	return &Runbook{Name: "cleanup", App: "app", Steps: []Step{
		{Name: "find", Op: jobs.List, Where: "client.integrationId == vars.old"}, {Name: "unlink", Op: jobs.Remove},
	}}
}
