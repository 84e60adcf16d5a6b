package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// gauges are what must not grow, as /metrics names it, and what more of it is no
// growth: the noise of traffic in full swing.
var gauges = []struct {
	name, title string
	unit        float64 // what it is shown in
	ratio, room float64 // from the second quarter to the last one
}{
	{"go_memstats_next_gc_bytes", "heap aim, MiB", 1 << 20, 1.25, 8 << 20},
	{"process_resident_memory_bytes", "RSS, MiB", 1 << 20, 1.25, 16 << 20},
	{"go_goroutines", "goroutines", 1, 1.25, 40},
	{"process_open_fds", "files", 1, 1.25, 30},
}

// reading is one look at the gauges.
type reading []float64

// meter keeps readings.
type meter struct {
	all           []reading
	before, after reading
}

// read looks at the gauges.
func (m *meter) read(st *stage) reading {
	_, body := st.get("/metrics")
	r := make(reading, len(gauges))
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		for i, g := range gauges {
			if g.name == name {
				r[i], _ = strconv.ParseFloat(value, 64)
			}
		}
	}
	return r
}

// watch looks at the gauges until the time is up, two hundred times.
func (m *meter) watch(st *stage, until time.Time) {
	tick := time.NewTicker(max(time.Until(until)/200, 50*time.Millisecond))
	defer tick.Stop()
	for time.Now().Before(until) {
		m.all = append(m.all, m.read(st))
		<-tick.C
	}
}

// quarter is the median reading of a quarter of the time.
func (m *meter) quarter(n int) reading {
	r := make(reading, len(gauges))
	part := m.all[n*len(m.all)/4 : (n+1)*len(m.all)/4]
	for i := range gauges {
		var values []float64
		for _, one := range part {
			values = append(values, one[i])
		}
		slices.Sort(values)
		r[i] = values[len(values)/2]
	}
	return r
}

// settled wants that what traffic needs is given back once it is over, and that
// nothing grew while it was not.
func (m *meter) settled(st *stage, before reading) {
	st.Helper()
	m.before = before
	st.client.CloseIdleConnections()
	const goroutines, files = 2, 3
	// What stays: connections to the providers, which are kept for a while.
	if !within(30*time.Second, func() bool {
		m.after = m.read(st)
		return m.after[goroutines] <= before[goroutines]+80 && m.after[files] <= before[files]+40
	}) {
		st.Errorf("after the traffic there are %v goroutines and %v files, and before it were %v and %v",
			m.after[goroutines], m.after[files], before[goroutines], before[files])
	}
	if len(m.all) < 8 {
		st.Fatalf("only %d readings", len(m.all))
	}
	second, last := m.quarter(1), m.quarter(3)
	for i, g := range gauges {
		if second[i] == 0 {
			st.Errorf("/metrics does not tell %s", g.name)
		}
		if last[i] > second[i]*g.ratio+g.room {
			st.Errorf("%s grew from %.1f to %.1f", g.title, second[i]/g.unit, last[i]/g.unit)
		}
	}
}

// table shows how the gauges stood.
func (m *meter) table() string {
	text := "\n| | before | 1st quarter | 2nd | 3rd | 4th | after |\n|---|---|---|---|---|---|---|\n"
	for i, g := range gauges {
		text += "| " + g.title
		for _, r := range []reading{m.before, m.quarter(0), m.quarter(1), m.quarter(2), m.quarter(3), m.after} {
			text += fmt.Sprintf(" | %.1f", r[i]/g.unit)
		}
		text += " |\n"
	}
	return text
}
