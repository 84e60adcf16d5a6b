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
	After    int64     // only those that ended after this N, oldest first: what is new
	Provider string    // who answered
	Client   string    // its name
	Model    string    // as asked for or as it answered
	Status   string    // "404", "4xx", or "error" for all that failed; see CheckStatus
	Since    time.Time // when it came in
	Grep     string    // part of a reason, an error, an outcome, a model, a path or a try, in either case (ASCII)
	Limit    int       // at most so many; 0: 50
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

// where builds the condition that the narrow index can answer, and the one
// that needs the rows themselves.
func (q *RequestQuery) where() (narrow, wide []string, args []any, err error) {
	add := func(condition string, values ...any) {
		narrow = append(narrow, condition)
		args = append(args, values...)
	}
	if q.Before > 0 {
		add("n < ?", q.Before)
	}
	if q.After > 0 {
		add("n > ?", q.After)
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
	if !q.Since.IsZero() {
		add("time >= ?", q.Since.UnixMilli())
	}
	condition, values, err := statusCondition(q.Status)
	if err != nil {
		return nil, nil, nil, err
	}
	if condition != "" {
		add(condition, values...)
	}
	if q.Grep != "" {
		wide = []string{`(reason || char(10) || error || char(10) || outcome || char(10) || asked || char(10) || model || char(10) || path || char(10) || tries) LIKE ? ESCAPE '\'`}
		args = append(args, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Grep)+"%")
	}
	return narrow, wide, args, nil
}

// statement builds the query. Without Grep all is decided in the narrow index,
// and only the rows that are wanted are read.
func (q *RequestQuery) statement() (text string, args []any, err error) {
	narrow, wide, args, err := q.where()
	if err != nil {
		return "", nil, err
	}
	order, limit := " ORDER BY n DESC", q.Limit
	if q.After > 0 {
		order = " ORDER BY n"
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	args = append(args, limit)
	condition := strings.Join(append(append([]string{"true"}, narrow...), wide...), " AND ")
	if len(wide) > 0 {
		return "SELECT " + requestColumns + " FROM requests WHERE " + condition + order + " LIMIT ?", args, nil
	}
	return "SELECT " + requestColumns + " FROM requests WHERE n IN (SELECT n FROM requests INDEXED BY requests_look WHERE " +
		condition + order + " LIMIT ?)" + order, args, nil
}

// Requests gives the newest requests that fit, newest first; with After the
// oldest that fit, oldest first.
func (s *Store) Requests(ctx context.Context, q RequestQuery) (list []Request, err error) {
	text, args, err := q.statement()
	if err != nil {
		return nil, fmt.Errorf("reading requests: %w", err)
	}
	err = s.read(ctx, "reading requests", func(tx *sql.Tx) error {
		list, err = requestsOf(ctx, tx, text, args...)
		return err
	})
	return list, err
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
	const most = 5 // to tell; more help nobody
	var list []Request
	err := s.read(ctx, "looking for a request", func(tx *sql.Tx) (err error) {
		list, err = requestsOf(ctx, tx, "SELECT "+requestColumns+` FROM requests WHERE n IN (
			SELECT n FROM requests INDEXED BY requests_look WHERE substr(id, 1, ?) = ? ORDER BY n DESC LIMIT ?) ORDER BY n DESC`,
			len(id), id, most)
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

// requestColumns are in the order of Request.scan; see requestShared and requestOwn.
const requestColumns = `n, id, time, client, method, path, asked, provider, model, key, rule, reason, status, outcome, failed,
	error, stream, demo, bytes_in, bytes_out, prompt, cached, completion, reasoning, first_byte, took, changed, tries`

func requestsOf(ctx context.Context, tx *sql.Tx, text string, args ...any) ([]Request, error) {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []Request
	for rows.Next() {
		var r Request
		if err := r.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func (r *Request) scan(rows *sql.Rows) error {
	var at, first, took int64
	var failed bool
	var changed, tries string
	err := rows.Scan(&r.N, &r.ID, &at, &r.Client, &r.Method, &r.Path, &r.Asked, &r.Provider, &r.Model, &r.Key, &r.Rule,
		&r.Reason, &r.Status, &r.Outcome, &failed, &r.Error, &r.Stream, &r.Demo, &r.BytesIn, &r.BytesOut,
		&r.Tokens.Prompt, &r.Tokens.Cached, &r.Tokens.Completion, &r.Tokens.Reasoning, &first, &took, &changed, &tries)
	if err != nil {
		return err
	}
	r.Time = fromMillis(at)
	r.In, r.Out = r.BytesIn, r.BytesOut
	r.FirstByte, r.Took = time.Duration(first)*time.Microsecond, time.Duration(took)*time.Microsecond
	if err := fromList(changed, &r.Changed); err != nil {
		return fmt.Errorf("request %s: %w", r.ID, err)
	}
	if err := r.readTries(tries); err != nil {
		return fmt.Errorf("request %s: %w", r.ID, err)
	}
	r.Attempts = len(r.Tries)
	return nil
}

// triesText is what stands in the column tries: JSON, or of the one try that was
// right away good, of which the row has all else, its microseconds, and the model
// that was asked for if another one answered.
func (r *Request) triesText() string {
	if len(r.Tries) != 1 {
		return toList(r.Tries)
	}
	t := r.Tries[0]
	good := r.goodTry(t.Took)
	good.Model = t.Model
	if t != good {
		return toList(r.Tries)
	}
	text := strconv.FormatInt(t.Took.Microseconds(), 10)
	if t.Model != r.Model {
		text += " " + t.Model
	}
	return text
}

func (r *Request) readTries(text string) error {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return fromList(text, &r.Tries)
	}
	micros, model, other := strings.Cut(text, " ")
	took, err := strconv.ParseInt(micros, 10, 64)
	t := r.goodTry(time.Duration(took) * time.Microsecond)
	if other {
		t.Model = model
	}
	r.Tries = []Try{t}
	return err
}

func (r *Request) goodTry(took time.Duration) Try {
	return Try{Provider: r.Provider, Model: r.Model, Key: r.Key, Status: r.Status, Class: outcomeOK, Took: took}
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
