package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

const (
	dashboard  = "../../tools/monitoring/dashboard.json"
	alerts     = "../../tools/monitoring/alerts.yml"
	operations = "../../docs/operations.md"
)

var (
	named    = regexp.MustCompile(`\b(?:sunbulk|process|go)_[a-z_]+\b`)
	grouping = regexp.MustCompile(`(?:by|on) \(([a-z, ]+)\)`)
	matching = regexp.MustCompile(`[{,]([a-z]+)(?:=~|!=|!~|=)"`)
	listed   = regexp.MustCompile("(?m)^\\| `(sunbulk_[a-z_]+)` \\|")
)

// What people are shown of metrics must exist: a panel or an alert on another name stays empty
// without a word.
func TestDashboardAndAlertsUseMetricsThatExist(t *testing.T) {
	metrics, labels := known(t)
	exprs := append(dashboardExprs(t), alertExprs(t)...)
	if len(exprs) < 20 {
		t.Fatalf("only %d expressions found", len(exprs))
	}
	for _, expr := range exprs {
		for _, name := range named.FindAllString(expr, -1) {
			if !slices.Contains(metrics, name) {
				t.Errorf("no metric %s for %s", name, expr)
			}
		}
		for _, list := range append(grouping.FindAllStringSubmatch(expr, -1), matching.FindAllStringSubmatch(expr, -1)...) {
			for name := range strings.SplitSeq(list[1], ",") {
				if name = strings.TrimSpace(name); !slices.Contains(labels, name) {
					t.Errorf("no label %s for %s", name, expr)
				}
			}
		}
	}
}

func TestEveryMetricIsDocumented(t *testing.T) {
	m, _ := busy(t)
	var got, want []string
	for _, match := range listed.FindAllStringSubmatch(read(t, operations), -1) {
		got = append(got, match[1])
	}
	ofConsole, err := served().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(gather(t, m), ofConsole...) {
		if strings.HasPrefix(f.GetName(), "sunbulk_") && !slices.Contains(want, f.GetName()) {
			want = append(want, f.GetName())
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s lists %q, want %q", operations, got, want)
	}
}

// known returns the names of all series, and of all labels that they or their scraping have.
func known(t *testing.T) (metrics, labels []string) {
	t.Helper()
	m, _ := busy(t)
	labels = []string{"le", "job", "instance"}
	for _, f := range gather(t, m) {
		metrics = append(metrics, f.GetName())
		if f.GetType() == dto.MetricType_HISTOGRAM {
			metrics = append(metrics, f.GetName()+"_bucket", f.GetName()+"_sum", f.GetName()+"_count")
		}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
	}
	return metrics, labels
}

func gather(t *testing.T, m *Metrics) []*dto.MetricFamily {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func dashboardExprs(t *testing.T) []string {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Query struct{ Query string } }
		}
	}
	if err := json.Unmarshal([]byte(read(t, dashboard)), &board); err != nil {
		t.Fatal(err)
	}
	var exprs []string
	for _, p := range board.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		exprs = append(exprs, v.Query.Query)
	}
	return exprs
}

// alertExprs returns each rule from its expr to its next field.
func alertExprs(t *testing.T) []string {
	t.Helper()
	var exprs []string
	for _, rule := range strings.Split(read(t, alerts), "expr:")[1:] {
		expr, _, _ := strings.Cut(rule, "annotations:")
		exprs = append(exprs, expr)
	}
	return exprs
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
