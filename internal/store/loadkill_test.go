package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// loadVar, if set, makes the test binary a process that writes requests and
// clients to the store in that folder until it is killed.
const loadVar = "GLMTRAY_TEST_LOAD_ON"

// loadUntilKilled tells of each client and of every tenth request that it put.
// Its own longest delay is told as well: on a busy machine that is how long the
// writer may have been kept waiting.
func loadUntilKilled(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, dir, nil)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	begun, err := s.LastRequest(ctx)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	w := NewRequestWriter(s, RequestOptions{})
	last, slowest := time.Now(), time.Duration(0)
	for i := begun + 1; ; i++ {
		r := requestNo(int(i))
		r.ID = fmt.Sprintf("%016d", i)
		if !w.Put(r) {
			fmt.Println("error: lost")
			return
		}
		if i%10 != 0 {
			continue
		}
		if i%500 == 0 {
			name := fmt.Sprint("client ", i)
			_, key, err := s.AddClient(ctx, name)
			if err != nil {
				fmt.Println("error", err)
				return
			}
			fmt.Println("client", key, name)
		}
		time.Sleep(time.Millisecond) // about ten thousand a second
		now := time.Now()
		slowest = max(slowest, now.Sub(last))
		last = now
		fmt.Println("row", i, now.UnixMilli(), slowest.Milliseconds())
	}
}

// told is what a killed process had said.
type told struct {
	rows    [][2]int64 // number and Unix milliseconds
	slowest time.Duration
	clients map[string]string // key -> name
}

func (d *told) hear(t *testing.T, line string) {
	t.Helper()
	var n, at, slowest int64
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "row":
		if _, err := fmt.Sscan(rest, &n, &at, &slowest); err != nil {
			return // the kill cut the line
		}
		d.rows = append(d.rows, [2]int64{n, at})
		d.slowest = time.Duration(slowest) * time.Millisecond
	case "client":
		if key, name, ok := strings.Cut(rest, " "); ok {
			d.clients[key] = name
		}
	default:
		t.Errorf("the process said %q", line)
	}
}

// loadAndKill runs such a process and kills it in full swing.
func loadAndKill(t *testing.T, dir string, after time.Duration, clients map[string]string) *told {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), loadVar+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &told{clients: clients}
	var kill *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if kill == nil { // it is up
			kill = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		d.hear(t, lines.Text())
	}
	_ = cmd.Wait() // killed
	if kill == nil || len(d.rows) == 0 {
		t.Fatal("the process did nothing")
	}
	return d
}

// Twenty kills: no client is ever missing, and no record that is older than a
// second.
func TestAKillUnderLoadLosesTheLastSecondAtMostAndNeverAClient(t *testing.T) {
	const chains, kills = 4, 5
	for chain := range chains {
		t.Run(fmt.Sprint("chain ", chain), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			clients := map[string]string{}
			for round := range kills {
				after := time.Duration(400+(round*chains+chain)*50) * time.Millisecond
				checkKilled(t, dir, round, loadAndKill(t, dir, after, clients))
			}
		})
	}
}

func checkKilled(t *testing.T, dir string, round int, d *told) {
	t.Helper()
	s, err := Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	if err := quickCheck(t.Context(), s.writer); err != nil || len(s.Notices()) != 0 {
		t.Errorf("round %d: %v, %q", round, err, s.Notices())
	}
	reg := registry(t, s)
	for key, name := range d.clients {
		wantWho(t, reg, key, name)
	}
	n, err := s.LastRequest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	end := d.rows[len(d.rows)-1]
	lost := time.Duration(0)
	for _, row := range d.rows {
		if row[0] > n {
			lost = time.Duration(end[1]-row[1]) * time.Millisecond
			break
		}
	}
	if lost > time.Second+d.slowest {
		t.Errorf("round %d: the records of the last %v are lost (%d of %d; it was kept waiting for up to %v)", round, lost, end[0]-n, end[0], d.slowest)
	}
	var rows, ids int64
	if err := s.reader.QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT id) FROM requests").Scan(&rows, &ids); err != nil || rows != n || ids != n {
		t.Errorf("round %d: %d rows, %d ids, last %d, %v", round, rows, ids, n, err)
	}
	var hours Usage
	for _, g := range usageOf(t, s, UsageQuery{}) { // none if nothing was written yet
		hours.Add(&g.Usage)
	}
	if rows := summed(t, s); hours.Requests != n || !reflect.DeepEqual(hours, rows) {
		t.Errorf("round %d: the hours have %+v, %d rows %+v", round, hours, n, rows)
	}
	t.Logf("round %d: %d records, %d clients; the last %v (%d records) are lost", round, n, len(d.clients), lost, max(0, end[0]-n))
}
