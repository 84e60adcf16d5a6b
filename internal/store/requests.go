package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
)

// Request is the record of one request, whatever became of it.
type Request struct {
	N int64 `json:"n"` // in the order in which requests ended; given when it is written
	event.Finished
	BytesIn  int64 `json:"bytes_in"`  // Finished.In
	BytesOut int64 `json:"bytes_out"` // Finished.Out
	Tries    []Try `json:"tries,omitempty"`
}

// Try is one attempt at one provider. Its JSON stands in the database.
type Try struct {
	Provider string        `json:"provider"`
	Model    string        `json:"model"`
	Key      string        `json:"key"` // its name
	Status   int           `json:"status,omitempty"`
	Class    string        `json:"class"`
	Reason   string        `json:"reason,omitempty"`
	Took     time.Duration `json:"took_ns"`
}

// Failed reports whether the client did not get what it asked for.
func (r *Request) Failed() bool { return r.Status >= 400 || r.Outcome != outcomeOK }

// outcomeOK is how the proxy spells success.
const outcomeOK = "ok"

// RequestQuery says which requests are wanted. What is empty does not restrict.
type RequestQuery struct {
	Before   int64     // only those that ended before this N: the next page
	BeforeID string    // the same of the request with this id, where its N is not known
	After    int64     // only those that ended after this N, oldest first: what is new
	Provider string    // who answered
	Client   string    // its name
	Model    string    // as asked for or as it answered
	Rule     string    // that matched
	Status   string    // "404", "4xx", or "error" for all that failed; see CheckStatus
	Since    time.Time // when it came in
	Grep     string    // part of a reason, an error, an outcome, a model, a path or a try, in either case (ASCII)
	Limit    int       // at most so many; 0: 50

	OldestFirst bool // as After has it, from the first one on
}

const defaultLimit = 50

// CheckStatus refuses a RequestQuery.Status that means nothing.
func CheckStatus(status string) error {
	_, _, err := statusCondition(status)
	return err
}

func statusCondition(status string) (condition string, args []any, err error) {
	switch {
	case status == "":
		return "", nil, nil
	case status == "error":
		return "failed = 1", nil, nil
	case len(status) == 3 && status[0] >= '1' && status[0] <= '5' && strings.EqualFold(status[1:], "xx"):
		least := int(status[0]-'0') * 100
		return "status BETWEEN ? AND ?", []any{least, least + 99}, nil
	}
	n, err := strconv.Atoi(status)
	if err != nil || n < 100 || n > 599 {
		return "", nil, fmt.Errorf("a status is a number such as 429, a class such as 4xx, or error: %q", status)
	}
	return "status = ?", []any{n}, nil
}

// Requests gives the newest requests that fit, newest first; with After or
// OldestFirst the oldest that fit, oldest first.
func (s *Store) Requests(ctx context.Context, q RequestQuery) (list []Request, err error) {
	err = s.read(ctx, "reading requests", func(tx *sql.Tx) error {
		found, err := q.find(ctx, tx)
		if err == nil {
			list, err = requestsOf(ctx, tx, found)
		}
		return err
	})
	return list, err
}

// eachPage is how many requests EachRequest reads at once.
const eachPage = 500

// EachRequest hands over all requests that fit, the oldest first, page by page:
// neither memory nor the database is held for long. Limit does not count; fn's
// error ends it.
func (s *Store) EachRequest(ctx context.Context, q RequestQuery, fn func(*Request) error) error {
	q.Limit, q.OldestFirst = eachPage, true
	for {
		list, err := s.Requests(ctx, q)
		if err != nil {
			return err
		}
		for i := range list {
			if err := fn(&list[i]); err != nil {
				return err
			}
		}
		if len(list) < eachPage {
			return nil
		}
		q.After = list[eachPage-1].N
	}
}

// LastRequest is the N of the request that was written last, 0 if none was:
// where to follow from.
func (s *Store) LastRequest(ctx context.Context) (n int64, err error) {
	err = s.read(ctx, "reading requests", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM requests`).Scan(&n)
	})
	return n, err
}

// ErrNoRequest means that no request has such an id.
var ErrNoRequest = errors.New("no request has this id")

// FindRequest finds a request by its id or by the beginning of it. If several
// begin so, the error names them.
func (s *Store) FindRequest(ctx context.Context, id string) (Request, error) {
	const most = 5   // to tell; more help nobody
	const whole = 16 // as the proxy makes them
	limit := most
	if len(id) >= whole {
		limit = 1 // nobody else has it
	}
	var list []Request
	err := s.read(ctx, "looking for a request", func(tx *sql.Tx) error {
		found, err := numbers(ctx, tx, "SELECT n FROM requests WHERE substr(id, 1, ?) = ? ORDER BY n DESC LIMIT ?", len(id), id, limit)
		if err == nil {
			list, err = requestsOf(ctx, tx, found)
		}
		return err
	})
	switch {
	case err != nil:
		return Request{}, err
	case len(list) == 0 || id == "":
		return Request{}, ErrNoRequest
	}
	ids := make([]string, len(list))
	for i := range list {
		if list[i].ID == id {
			return list[i], nil
		}
		ids[i] = list[i].ID
	}
	if len(list) > 1 {
		return Request{}, fmt.Errorf("several requests begin so: %s", strings.Join(ids, ", "))
	}
	return list[0], nil
}

// requestsOf reads requests by their numbers, in that order.
func requestsOf(ctx context.Context, tx *sql.Tx, found []int64) ([]Request, error) {
	stmt, err := tx.PrepareContext(ctx, "SELECT n, "+requestOwn+", "+kindColumns+
		" FROM requests JOIN (SELECT id AS kind_id, "+kindColumns+" FROM request_kinds) ON kind_id = kind WHERE n = ?")
	if err != nil {
		return nil, err
	}
	defer func() { _ = stmt.Close() }()
	list := make([]Request, len(found))
	for i, n := range found {
		if err := list[i].scan(stmt.QueryRowContext(ctx, n).Scan); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *Request) scan(scan func(...any) error) error {
	var at, kind, first, streamed, took int64
	var cost sql.NullInt64
	var failed bool
	var times, changed, tried string
	err := scan(&r.N, &r.ID, &at, &kind, &r.BytesIn, &r.BytesOut, &r.Tokens.Prompt, &r.Tokens.Cached, &r.Tokens.CacheWrite,
		&r.Tokens.Completion, &r.Tokens.Reasoning, &cost, &first, &streamed, &took, &times,
		&r.Client, &r.Method, &r.Path, &r.Asked, &r.Provider, &r.Model, &r.Key, &r.Rule, &r.Reason, &r.Status, &r.Outcome, &failed,
		&r.Error, &r.Stream, &r.Demo, &r.Counted, &r.CostEquivalent, &changed, &tried)
	if err != nil {
		return err
	}
	r.Time = fromMillis(at)
	r.In, r.Out = r.BytesIn, r.BytesOut
	r.FirstByte, r.Took = time.Duration(first)*time.Microsecond, time.Duration(took)*time.Microsecond
	r.Streamed = time.Duration(streamed) * time.Microsecond
	r.TPS = event.Rate(r.Tokens.Completion, r.Streamed)
	if cost.Valid {
		usd := USD(cost.Int64)
		r.Cost = &usd
	}
	if err := errors.Join(fromList(changed, &r.Changed), r.setTries(tried, times)); err != nil {
		return fmt.Errorf("request %s: %w", r.ID, err)
	}
	r.Attempts = len(r.Tries)
	return nil
}

func toList[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	text, err := json.Marshal(list)
	if err != nil { // words and numbers only: it does not happen
		return ""
	}
	return string(text)
}

func fromList[T any](text string, list *[]T) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), list)
}
