package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
)

// maxSeeks is of how many kinds the newest requests are looked up one kind after
// the other. If more fit, the newest requests of all are looked through: then
// most of them fit.
const maxSeeks = 3000

// maxAtOnce is more than the requests that ever run at the same time: of so many
// that came in after a moment, the one that ended first is among them.
const maxAtOnce = 20_000

// kinds builds the condition on request_kinds; "" if every kind fits.
func (q *RequestQuery) kinds() (condition string, args []any, err error) {
	var all []string
	add := func(condition string, values ...any) {
		all = append(all, condition)
		args = append(args, values...)
	}
	if q.Provider != "" {
		add("provider = ?", q.Provider)
	}
	if q.Client != "" {
		add("client = ?", q.Client)
	}
	if q.Model != "" {
		add("(asked = ? OR model = ?)", q.Model, q.Model)
	}
	if q.Rule != "" {
		add("rule = ?", q.Rule)
	}
	status, values, err := statusCondition(q.Status)
	if err != nil {
		return "", nil, err
	}
	if status != "" {
		add(status, values...)
	}
	if q.Grep != "" {
		add(`(reason || char(10) || error || char(10) || outcome || char(10) || asked || char(10) || model || char(10) || path || char(10) || tried) LIKE ? ESCAPE '\'`,
			"%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Grep)+"%")
	}
	return strings.Join(all, " AND "), args, nil
}

// span is which rows are looked at: from low to high, in which order, and if they
// came in since then.
type span struct {
	low, high, since int64
	oldestFirst      bool
	limit            int
}

// statement picks the numbers of requests that also fit the condition. Each is
// found by its number or by its kind, and comes in the wanted order by itself.
func (s *span) statement(condition string, given ...any) (text string, args []any) {
	text, args = "SELECT n FROM requests WHERE ", given
	if condition != "" {
		text += condition + " AND "
	}
	text += "n >= ? AND n <= ?"
	args = append(args, s.low, s.high)
	if s.since != 0 {
		text += " AND +time >= ?" // +: the order is that of n
		args = append(args, s.since)
	}
	text += " ORDER BY n"
	if !s.oldestFirst {
		text += " DESC"
	}
	return text + " LIMIT ?", append(args, s.limit)
}

const (
	kindIs     = "kind = ?"
	kindIsOne  = "+kind IN (SELECT id FROM request_kinds WHERE "
	sinceFirst = "SELECT coalesce(min(n), 0) FROM (SELECT n FROM requests WHERE time >= ? ORDER BY time LIMIT ?)"
)

// find gives the numbers of the requests that are wanted, in their order.
func (q *RequestQuery) find(ctx context.Context, tx *sql.Tx) ([]int64, error) {
	condition, args, err := q.kinds()
	if err != nil {
		return nil, err
	}
	s, err := q.span(ctx, tx)
	if err != nil || s.low > s.high {
		return nil, err
	}
	if condition == "" {
		text, args := s.statement("")
		return numbers(ctx, tx, text, args...)
	}
	kinds, err := numbers(ctx, tx, "SELECT id FROM request_kinds WHERE "+condition+" ORDER BY id DESC LIMIT "+strconv.Itoa(maxSeeks+1), args...)
	if err != nil {
		return nil, err
	}
	if len(kinds) > maxSeeks {
		text, args := s.statement(kindIsOne+condition+")", args...)
		return numbers(ctx, tx, text, args...)
	}
	return s.ofKinds(ctx, tx, kinds)
}

// span says which rows are looked at; none if low is above high.
func (q *RequestQuery) span(ctx context.Context, tx *sql.Tx) (s span, err error) {
	s = span{low: q.After + 1, high: 1<<63 - 1, oldestFirst: q.OldestFirst || q.After > 0, limit: q.Limit}
	if s.limit <= 0 {
		s.limit = defaultLimit
	}
	if q.Before > 0 {
		s.high = q.Before - 1
	}
	if q.BeforeID != "" {
		var n int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM requests WHERE id = ?", q.BeforeID).Scan(&n); err != nil {
			return s, err
		}
		s.high = min(s.high, n-1)
	}
	if q.Since.IsZero() {
		return s, nil
	}
	s.since = q.Since.UnixMilli()
	var first int64
	if err := tx.QueryRowContext(ctx, sinceFirst, s.since, maxAtOnce).Scan(&first); err != nil {
		return s, err
	}
	if s.low = max(s.low, first); first == 0 {
		s.high = s.low - 1 // nothing has come in since
	}
	return s, nil
}

// ofKinds merges what is found of each kind.
func (s span) ofKinds(ctx context.Context, tx *sql.Tx, kinds []int64) (list []int64, err error) {
	text, _ := s.statement(kindIs, 0)
	stmt, err := tx.PrepareContext(ctx, text) //nolint:gosec // its text is put together from constants of this file
	if err != nil {
		return nil, err
	}
	defer func() { _ = stmt.Close() }()
	for _, kind := range kinds {
		_, args := s.statement(kindIs, kind)
		rows, err := stmt.QueryContext(ctx, args...)
		if err != nil {
			return nil, err
		}
		more, err := collectNumbers(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
		slices.Sort(list)
		if !s.oldestFirst {
			slices.Reverse(list)
		}
		if len(list) < s.limit {
			continue
		}
		// Of the other kinds only those that come before the last of these matter.
		list = list[:s.limit]
		if last := list[s.limit-1]; s.oldestFirst {
			s.high = last
		} else {
			s.low = last
		}
	}
	return list, nil
}

func numbers(ctx context.Context, tx *sql.Tx, text string, args ...any) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, text, args...) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	return collectNumbers(rows)
}

func collectNumbers(rows *sql.Rows) (list []int64, err error) {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, rows.Err()
}
