package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/bench/splice"
)

// report is all that a run has measured.
type report struct {
	when    time.Time
	machine string
	starts  []time.Duration // from the start to the first answer, sorted
	rest    rest
	cases   []measured
	memory  []memory
}

// memory is what glmtray held before and right after a scene, and when it had
// rested, in MiB.
type memory struct {
	scene               string
	before, full, after float64
}

// tell prints the tables and, if asked to, puts them where people read them.
func (r *report) tell(w io.Writer, write bool) error {
	aims, whole := r.aims(), r.table()
	if _, err := fmt.Fprintf(w, "%s\n%s", aims, whole); err != nil || !write {
		return err
	}
	for file, text := range map[string]string{"README.md": aims, "docs/speed.md": whole} {
		if err := splice.Table(file, "make bench", text); err != nil {
			return err
		}
	}
	return nil
}

// table is every case, as ratios to the floor.
func (r *report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s on %s. All but the columns with a unit are ratios to the floor in the same run.\n\n", r.when.Format(time.DateOnly), r.machine)
	b.WriteString("| case | parallel | added p50 | added p99 | added first byte | requests/s | CPU | CPU with body files | nginx: added p50, CPU " +
		"| floor: added p50, CPU in µs | glmtray: CPU in µs, allocations | broken |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, c := range r.cases {
		b.WriteString(c.row() + "\n")
	}
	b.WriteString("\nCPU and allocations are for one request; of a stream, divide by its 200 events.\n\n")
	for _, c := range r.cases {
		if c.paced {
			fmt.Fprintf(&b, "An event is under way %s longer than without a proxy (floor: %s): %s, %d parallel.\n",
				micros(c.tray.lag-c.direct.lag), micros(c.floor.lag-c.direct.lag), c.name, c.parallel)
		}
	}
	fmt.Fprintf(&b, "\nResident memory in MiB, before, right after and %v after: ", restAfter)
	for i, m := range r.memory {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s and on, %.0f, %.0f and %.0f", m.scene, m.before, m.full, m.after)
	}
	b.WriteString(".\n")
	return b.String()
}

func micros(d time.Duration) string { return fmt.Sprintf("%.0f µs", us(d)) }

func (m measured) row() string {
	added := func(of func(sample) time.Duration) string {
		return ratio(of(m.tray)-of(m.direct), of(m.floor)-of(m.direct))
	}
	nginx := "–"
	if m.nginx != nil {
		nginx = ratio(m.nginx.p50-m.direct.p50, m.floor.p50-m.direct.p50) + ", " + ratio(m.nginx.cpu, m.floor.cpu)
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %s | %s | %s | %.0f, %.0f | %.0f, %.0f | %d |",
		m.name, m.parallel, added(p50), added(p99), added(first), ratio(m.tray.perSecond, m.floor.perSecond),
		ratio(m.tray.cpu, m.floor.cpu), ratio(m.logged.cpu, m.floor.cpu), nginx,
		us(m.floor.p50-m.direct.p50), us(m.floor.cpu), us(m.tray.cpu), m.tray.mallocs, m.tray.broken)
}

func p50(s sample) time.Duration   { return s.p50 }
func p99(s sample) time.Duration   { return s.p99 }
func first(s sample) time.Duration { return s.first }

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// ratio of two figures; a dash where what it would be measured by was lost in
// the machine's noise.
func ratio[T time.Duration | float64](a, b T) string {
	if b <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}
