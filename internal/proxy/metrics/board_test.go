package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// boardFile is what people import into Grafana.
const boardFile = "../../../packaging/grafana/glmtray.json"

// board is what we look at of it.
type board struct {
	Inputs []struct {
		Name, Type, PluginID string
	} `json:"__inputs"`
	Templating struct {
		List []struct {
			Name       string
			Definition string
			Query      struct{ Query string }
			Datasource source
		}
	}
	Panels []panel
}

type panel struct {
	ID         int
	Type       string
	Title      string
	Datasource source
	GridPos    struct{ X, Y, W, H int }
	Targets    []struct {
		RefID        string
		Expr         string
		LegendFormat string
		Datasource   source
	}
}

type source struct{ Type, UID string }

func theBoard(t *testing.T) (b board) {
	t.Helper()
	text, err := os.ReadFile(boardFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// exported is a metric as queries may use it.
type exported struct {
	labels    []string
	histogram bool
}

var variableLabels = regexp.MustCompile(`variableLabels: \{([^}]*)\}`)

// exports lists everything there is on /metrics, from names.go. Which of them are
// histograms is told by what a book gives that was told of one request.
func exports(t *testing.T) map[string]exported {
	t.Helper()
	all := map[string]exported{}
	for _, d := range everything {
		text := d.String()
		labels := strings.FieldsFunc(variableLabels.FindStringSubmatch(text)[1], func(r rune) bool { return r == ',' || r == ' ' })
		all[name.FindStringSubmatch(text)[1]] = exported{labels: labels}
	}
	b := New()
	b.Request(request())
	families, err := b.Registry(func() State { return State{Variant: "production", Workers: 1} }).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if m, ok := all[f.GetName()]; ok && f.GetType().String() == "HISTOGRAM" {
			m.histogram = true
			all[f.GetName()] = m
		}
	}
	return all
}

// words of PromQL that our queries use; whatever else stands in one must be a
// metric or a label.
var promQL = []string{"sum", "max", "by", "rate", "increase", "histogram_quantile", "label_values"}

var (
	quoted      = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	ranges      = regexp.MustCompile(`\[[^\]]*\]`)
	selector    = regexp.MustCompile(`([A-Za-z_:][\w:]*)?\{([^}]*)\}`)
	grouping    = regexp.MustCompile(`\b(?:by|without)\s*\(([^)]*)\)`)
	query       = regexp.MustCompile(`\blabel_values\(\s*([\w:]+)\s*,\s*(\w+)\s*\)`)
	words       = regexp.MustCompile(`[A-Za-z_:][\w:]*`)
	legendOf    = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
	ofHistogram = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// faults says what of a query no metric answers to. grouped are the labels that
// are left in its result, if it is grouped.
func faults(all map[string]exported, expr string) (bad, grouped []string) {
	expr = quoted.ReplaceAllString(expr, `""`)
	var wanted, names []string // labels, metrics
	for _, m := range query.FindAllStringSubmatch(expr, -1) {
		wanted = append(wanted, m[2])
	}
	expr = query.ReplaceAllString(expr, "$1")
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		for pair := range strings.SplitSeq(m[2], ",") {
			wanted = append(wanted, words.FindString(pair))
		}
	}
	expr = selector.ReplaceAllString(expr, "$1")
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		grouped = append(grouped, words.FindAllString(m[1], -1)...)
	}
	expr = ranges.ReplaceAllString(grouping.ReplaceAllString(expr, ""), "")
	for _, w := range words.FindAllString(expr, -1) {
		if !slices.Contains(promQL, w) {
			names = append(names, w)
		}
	}
	if len(names) == 0 {
		return []string{"it asks for no metric"}, grouped
	}
	for _, n := range names {
		bad = append(bad, misused(all, n, append(wanted, grouped...))...)
	}
	return bad, grouped
}

// misused says what is wrong with one metric and the labels that are asked of it.
func misused(all map[string]exported, full string, labels []string) (bad []string) {
	m, ok := all[full]
	base := full
	if !ok {
		base = ofHistogram.ReplaceAllString(full, "")
		m, ok = all[base]
	}
	switch {
	case !ok, !m.histogram && base != full:
		return []string{"there is no metric " + full}
	case m.histogram && base == full:
		return []string{full + " is a histogram: it has _bucket, _sum and _count"}
	}
	for _, l := range labels {
		if !slices.Contains(m.labels, l) && (l != "le" || !strings.HasSuffix(full, "_bucket")) {
			bad = append(bad, full+" has no label "+l)
		}
	}
	return bad
}

func TestEveryQueryOfTheBoardIsAnswered(t *testing.T) {
	b, all := theBoard(t), exports(t)
	asked := 0
	for _, p := range b.Panels {
		for _, target := range p.Targets {
			asked++
			bad, grouped := faults(all, target.Expr)
			for _, m := range legendOf.FindAllStringSubmatch(target.LegendFormat, -1) {
				if !slices.Contains(grouped, m[1]) {
					bad = append(bad, "the legend's "+m[1]+" is not in the result")
				}
			}
			for _, text := range bad {
				t.Errorf("%s, %s: %s\n%s", p.Title, target.RefID, text, target.Expr)
			}
		}
	}
	for _, v := range b.Templating.List {
		bad, _ := faults(all, v.Definition)
		if v.Query.Query != v.Definition {
			bad = append(bad, "query and definition differ")
		}
		for _, text := range bad {
			t.Errorf("variable %s: %s", v.Name, text)
		}
	}
	if asked < 20 {
		t.Errorf("only %d queries were found", asked)
	}
}

func TestTheBoardCanBeImportedAndLaidOut(t *testing.T) {
	b := theBoard(t)
	if len(b.Inputs) != 1 || b.Inputs[0].Type != "datasource" || b.Inputs[0].PluginID != "prometheus" {
		t.Fatalf("inputs %+v", b.Inputs)
	}
	ours := source{"prometheus", "${" + b.Inputs[0].Name + "}"}
	for _, v := range b.Templating.List {
		if v.Datasource != ours {
			t.Errorf("variable %s asks %+v", v.Name, v.Datasource)
		}
	}
	ids, cells := map[int]bool{}, map[string]string{}
	for _, p := range b.Panels {
		if ids[p.ID] {
			t.Errorf("%s: its id %d is another panel's", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && (p.Datasource != ours || len(p.Targets) == 0) {
			t.Errorf("%s asks %+v, %d queries", p.Title, p.Datasource, len(p.Targets))
		}
		for _, target := range p.Targets {
			if target.Datasource != ours {
				t.Errorf("%s, %s asks %+v", p.Title, target.RefID, target.Datasource)
			}
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				cell := fmt.Sprint(x, ",", y)
				if x >= 24 || cells[cell] != "" {
					t.Fatalf("%s lies on %q at %s", p.Title, cells[cell], cell)
				}
				cells[cell] = p.Title
			}
		}
	}
}

func TestAQueryThatNobodyAnswersIsSeen(t *testing.T) {
	all := exports(t)
	tests := []struct {
		name, expr string
		want       string
	}{
		{"all is well", `sum by (le, model) (rate(glmtray_output_tokens_per_second_bucket{variant=~"$variant"}[5m]))`, ""},
		{"two metrics", `max by (key) (glmtray_key_errors) / sum(glmtray_requests_in_flight)`, "no label key"},
		{"a metric that is none", `rate(glmtray_request_total[5m])`, "no metric glmtray_request_total"},
		{"one of somebody else", `sum(up)`, "no metric up"},
		{"a label that is none", `sum(glmtray_requests_total{key="desk"})`, "no label key"},
		{"a label to group by", `sum by (key) (glmtray_requests_total)`, "no label key"},
		{"a histogram's bare name", `rate(zai_proxy_request_duration_seconds[5m])`, "is a histogram"},
		{"a counter's bucket", `rate(glmtray_requests_total_bucket[5m])`, "no metric glmtray_requests_total_bucket"},
		{"le without a bucket", `sum by (le) (glmtray_requests_total)`, "no label le"},
		{"a variable's label", `label_values(glmtray_requests_total, key)`, "no label key"},
		{"nothing", `1 == 1`, "no metric"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad, _ := faults(all, tt.expr)
			if got := strings.Join(bad, "; "); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
