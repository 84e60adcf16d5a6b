package store

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Usage is what some requests have used. Sums can be added.
type Usage struct {
	Requests int64 `json:"requests"`
	Failed   int64 `json:"failed"`
	Attempts int64 `json:"attempts"` // tries at providers
	Limited  int64 `json:"limited"`  // those of them that were answered 429

	Prompt     int64 `json:"prompt"` // tokens
	Cached     int64 `json:"cached"`
	CacheWrite int64 `json:"cache_write"`
	Completion int64 `json:"completion"`
	Reasoning  int64 `json:"reasoning"`
	Counted    int64 `json:"counted"` // requests whose tokens were counted here, in part at least

	Priced     int64 `json:"priced"`      // requests in Cost
	PricedPlan int64 `json:"priced_plan"` // requests in CostPlan
	Unpriced   int64 `json:"unpriced"`    // requests that were answered at a cost that is not known
	Cost       int64 `json:"-"`           // billionths of a USD
	CostPlan   int64 `json:"-"`           // of keys that belong to a plan: only an equivalent

	Firsts      int64         `json:"-"` // streams in FirstSum
	FirstSum    time.Duration `json:"-"` // until the first content
	Speeds      int64         `json:"-"` // streams in SpeedSum, SpeedTokens and SpeedTime
	SpeedSum    float64       `json:"-"` // of their tokens per second
	SpeedTokens int64         `json:"-"` // their completion tokens
	SpeedTime   time.Duration `json:"-"` // from their first to their last byte
	First       Buckets       `json:"-"` // milliseconds until the first content
	Speed       Buckets       `json:"-"` // tokens per second
}

// Add adds what others have used.
func (u *Usage) Add(o *Usage) {
	to := u.fields()
	for i, from := range o.fields() {
		*to[i] += *from
	}
	u.FirstSum += o.FirstSum
	u.SpeedTime += o.SpeedTime
	u.SpeedSum += o.SpeedSum
	u.First.Merge(&o.First)
	u.Speed.Merge(&o.Speed)
}

// usageCounts are the columns of Usage.fields, in their order; usageRest are
// those of the rest.
const (
	usageCounts = "requests, failed, attempts, limited, prompt, cached, cache_write, completion, reasoning, counted, priced, priced_plan, unpriced, cost, cost_plan, firsts, speeds, speed_tokens"
	usageRest   = "first_sum, speed_sum, speed_time, first_buckets, speed_buckets"
	usageKeys   = "hour, provider, model, key, client"
)

func (u *Usage) fields() []*int64 {
	return []*int64{
		&u.Requests, &u.Failed, &u.Attempts, &u.Limited, &u.Prompt, &u.Cached, &u.CacheWrite, &u.Completion, &u.Reasoning, &u.Counted,
		&u.Priced, &u.PricedPlan, &u.Unpriced, &u.Cost, &u.CostPlan, &u.Firsts, &u.Speeds, &u.SpeedTokens,
	}
}

func (u *Usage) args() []any {
	var args []any
	for _, f := range u.fields() {
		args = append(args, *f)
	}
	return append(args, u.FirstSum.Microseconds(), u.SpeedSum, u.SpeedTime.Microseconds(), u.First.bytes(), u.Speed.bytes())
}

// scan reads usageCounts and usageRest, after what before is for.
func (u *Usage) scan(scan func(...any) error, before ...any) error {
	var first, speed int64
	var firsts, speeds []byte
	into := before
	for _, f := range u.fields() {
		into = append(into, f)
	}
	if err := scan(append(into, &first, &u.SpeedSum, &speed, &firsts, &speeds)...); err != nil {
		return err
	}
	u.FirstSum, u.SpeedTime = time.Duration(first)*time.Microsecond, time.Duration(speed)*time.Microsecond
	return errors.Join(u.First.merge(firsts), u.Speed.merge(speeds))
}

// usageKey is a row of usage_hours.
type usageKey struct {
	hour                         int64 // since 1970
	provider, model, key, client string
}

func (k *usageKey) args() []any { return []any{k.hour, k.provider, k.model, k.key, k.client} }

// usageSums adds up a transaction's requests before they are written: most of
// them are of the same few rows. It belongs to one writing goroutine.
type usageSums struct {
	get, put *sql.Stmt
	rows     map[usageKey]*Usage
}

func (s *usageSums) prepare(ctx context.Context, db preparer) (err error) {
	if s.get, err = db.PrepareContext(ctx, "SELECT "+usageCounts+", "+usageRest+
		" FROM usage_hours WHERE hour = ? AND provider = ? AND model = ? AND key = ? AND client = ?"); err != nil {
		return err
	}
	columns := usageKeys + ", " + usageCounts + ", " + usageRest
	s.put, err = db.PrepareContext(ctx, "REPLACE INTO usage_hours ("+columns+") VALUES (?"+strings.Repeat(", ?", strings.Count(columns, ","))+")")
	return err
}

func (s *usageSums) finalize() {
	freed(s.get, s.put)
}

func (s *usageSums) row(k usageKey) *Usage {
	u := s.rows[k]
	if u == nil {
		if s.rows == nil {
			s.rows = map[usageKey]*Usage{}
		}
		u = new(Usage)
		s.rows[k] = u
	}
	return u
}

// add adds one request. A try that failed counts where it was made.
func (s *usageSums) add(r *Request) {
	k := usageKey{r.Time.Unix() / 3600, r.Provider, r.Model, r.Key, r.Client}
	u := s.row(k)
	for i := range r.Tries {
		t, at := &r.Tries[i], u
		if t.Class != outcomeOK {
			at = s.row(usageKey{k.hour, t.Provider, t.Model, t.Key, r.Client})
		}
		at.Attempts++
		if t.Status == http.StatusTooManyRequests {
			at.Limited++
		}
	}
	u.request(r)
}

func (u *Usage) request(r *Request) {
	good := !r.Failed() && r.Provider != ""
	u.Requests++
	if r.Failed() {
		u.Failed++
	}
	u.Prompt += int64(r.Tokens.Prompt)
	u.Cached += int64(r.Tokens.Cached)
	u.CacheWrite += int64(r.Tokens.CacheWrite)
	u.Completion += int64(r.Tokens.Completion)
	u.Reasoning += int64(r.Tokens.Reasoning)
	if r.Counted {
		u.Counted++
	}
	switch {
	case r.Cost != nil && r.CostEquivalent:
		u.PricedPlan++
		u.CostPlan += nanos(*r.Cost)
	case r.Cost != nil:
		u.Priced++
		u.Cost += nanos(*r.Cost)
	case good:
		u.Unpriced++
	}
	if good {
		u.pace(r)
	}
}

// pace adds how fast an answer was.
func (u *Usage) pace(r *Request) {
	if r.Stream && r.FirstByte > 0 {
		u.Firsts++
		u.FirstSum += r.FirstByte.Truncate(time.Microsecond)
		u.First.Add(float64(r.FirstByte) / float64(time.Millisecond))
	}
	if rate := event.Rate(r.Tokens.Completion, r.Streamed); rate > 0 {
		u.Speeds++
		u.SpeedSum += rate
		u.SpeedTokens += int64(r.Tokens.Completion)
		u.SpeedTime += r.Streamed.Truncate(time.Microsecond)
		u.Speed.Add(rate)
	}
}

// write adds the sums to what the database has of these hours.
func (s *usageSums) write(ctx context.Context, tx *sql.Tx) error {
	get, put := tx.StmtContext(ctx, s.get), tx.StmtContext(ctx, s.put)
	defer func() { _, _ = get.Close(), put.Close() }() // they end with the transaction in any case
	for k, u := range s.rows {
		var had Usage
		switch err := had.scan(get.QueryRowContext(ctx, k.args()...).Scan); {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		default:
			u.Add(&had)
		}
		if _, err := put.ExecContext(ctx, append(k.args(), u.args()...)...); err != nil {
			return err
		}
	}
	s.forget()
	return nil
}

func (s *usageSums) forget() { clear(s.rows) }
