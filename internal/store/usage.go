package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

// UsageBy is what usage is told by.
type UsageBy string

// The ways to tell it. A model is one of a provider, and so is a key; days are the
// machine's.
const (
	ByAll      UsageBy = ""
	ByProvider UsageBy = "provider"
	ByModel    UsageBy = "model"
	ByKey      UsageBy = "key"
	ByClient   UsageBy = "client"
	ByDay      UsageBy = "day"
	ByHour     UsageBy = "hour"
)

// UsageQuery says which usage is wanted. What is empty does not restrict.
type UsageQuery struct {
	By           UsageBy
	Since, Until time.Time // from the hour in which Since lies, to the last one that begins before Until
	Provider     string
	Client       string
}

// UsageGroup is the usage of one provider, model, key, client, day or hour.
type UsageGroup struct {
	Provider string    `json:"provider,omitempty"` // "" where nobody answered, or where it is not asked for
	Model    string    `json:"model,omitempty"`
	Key      string    `json:"key,omitempty"`
	Client   string    `json:"client,omitempty"`
	Start    time.Time `json:"start,omitzero"` // of the day or hour
	Usage
}

// group is the group of a row.
func (q *UsageQuery) group(k *usageKey) UsageGroup {
	start := time.Unix(k.hour*3600, 0)
	switch q.By {
	case ByProvider:
		return UsageGroup{Provider: k.provider}
	case ByModel:
		return UsageGroup{Provider: k.provider, Model: k.model}
	case ByKey:
		return UsageGroup{Provider: k.provider, Key: k.key}
	case ByClient:
		return UsageGroup{Client: k.client}
	case ByHour:
		return UsageGroup{Start: start.UTC()}
	case ByDay:
		year, month, day := start.Local().Date()
		return UsageGroup{Start: time.Date(year, month, day, 0, 0, 0, 0, time.Local)}
	}
	return UsageGroup{}
}

// statement picks the rows of a query. Those of some hours are found by the key.
func (q *UsageQuery) statement() (text string, args []any) {
	text = "SELECT " + usageKeys + ", " + usageCounts + ", " + usageRest + " FROM usage_hours WHERE hour >= ? AND hour < ?"
	low, high := int64(-1<<62), int64(1<<62)
	if !q.Since.IsZero() {
		low = q.Since.Unix() / 3600
	}
	if !q.Until.IsZero() {
		high = (q.Until.Unix() + 3599) / 3600
	}
	args = []any{low, high}
	if q.Provider != "" {
		text += " AND provider = ?"
		args = append(args, q.Provider)
	}
	if q.Client != "" {
		text += " AND client = ?"
		args = append(args, q.Client)
	}
	return text, args
}

// Usage adds up what was used, by the hour: the first hour is the one in which
// Since lies. Days and hours come in their order, anything else by the number of
// requests.
func (s *Store) Usage(ctx context.Context, q UsageQuery) (list []UsageGroup, err error) {
	type id struct {
		provider, model, key, client string
		start                        int64
	}
	at := map[id]*UsageGroup{}
	err = s.read(ctx, "reading usage", func(tx *sql.Tx) error {
		text, args := q.statement()
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var k usageKey
			var u Usage
			if err := u.scan(rows.Scan, &k.hour, &k.provider, &k.model, &k.key, &k.client); err != nil {
				return err
			}
			g := q.group(&k)
			i := id{g.Provider, g.Model, g.Key, g.Client, g.Start.Unix()}
			if at[i] == nil {
				at[i] = &g
			}
			at[i].Add(&u)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	for _, g := range at {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b UsageGroup) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(b.Requests, a.Requests), cmp.Compare(b.Attempts, a.Attempts),
			cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Client, b.Client))
	})
	return list, nil
}

// Pace is the tokens per second of all measured streams together; 0: none was.
func (u *Usage) Pace() float64 {
	if u.SpeedTime <= 0 {
		return 0
	}
	return float64(u.SpeedTokens) / u.SpeedTime.Seconds()
}

// enoughSpeeds is how many measured streams tell how fast a provider is.
const enoughSpeeds = 20

// Saved is how much longer the measured streams of faster providers would have
// taken at the pace of the slowest.
type Saved struct {
	Time    time.Duration `json:"time_ns"`
	Against string        `json:"against"` // the slowest provider
	Pace    float64       `json:"pace"`    // its tokens per second
}

// SavedBy gives, for usage by provider, the completion tokens of each measured
// stream divided by the slowest provider's measured pace, less the time it took.
// ok is false unless at least two providers have 20 measured streams.
func SavedBy(providers []UsageGroup) (s Saved, ok bool) {
	n := 0
	for i := range providers {
		p := &providers[i]
		if p.Provider == "" || p.Speeds < enoughSpeeds || p.Pace() <= 0 {
			continue
		}
		if n++; s.Against == "" || p.Pace() < s.Pace {
			s.Against, s.Pace = p.Provider, p.Pace()
		}
	}
	if n < 2 {
		return Saved{}, false
	}
	for i := range providers {
		if p := &providers[i]; p.Provider != s.Against && p.Pace() > s.Pace {
			s.Time += time.Duration(float64(p.SpeedTokens)/s.Pace*float64(time.Second)) - p.SpeedTime
		}
	}
	return s, true
}
