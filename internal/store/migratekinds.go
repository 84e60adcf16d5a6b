package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// shareKinds is what 005_usage.sql cannot say: it takes the rows over from
// requests_before, and adds them up by the hour in the same way as the writer
// does, so that both agree.
func shareKinds(ctx context.Context, tx *sql.Tx) error {
	var insert requestInserts
	defer insert.finalize()
	if err := insert.prepare(ctx, tx); err != nil {
		return err
	}
	for after := int64(-1 << 62); ; {
		rows, err := rowsBefore(ctx, tx, after)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			_, err := tx.ExecContext(ctx, "DROP TABLE requests_before")
			return err
		}
		if err := insert.all(ctx, tx, rows); err != nil {
			return err
		}
		after = rows[len(rows)-1].N
	}
}

// rowsBefore reads the next rows as 003_requests.sql has them.
func rowsBefore(ctx context.Context, tx *sql.Tx, after int64) ([]queuedRequest, error) {
	list, err := tx.QueryContext(ctx, `SELECT n, id, time, client, method, path, asked, provider, model, key, rule, reason, status, outcome,
		error, stream, demo, bytes_in, bytes_out, prompt, cached, completion, reasoning, first_byte, took, changed, tries
		FROM requests_before WHERE n > ? ORDER BY n LIMIT ?`, after, requestChunk)
	if err != nil {
		return nil, err
	}
	defer func() { _ = list.Close() }()
	var rows []queuedRequest
	for list.Next() {
		var r Request
		var at, first, took int64
		var changed, tries string
		err := list.Scan(&r.N, &r.ID, &at, &r.Client, &r.Method, &r.Path, &r.Asked, &r.Provider, &r.Model, &r.Key, &r.Rule,
			&r.Reason, &r.Status, &r.Outcome, &r.Error, &r.Stream, &r.Demo, &r.In, &r.Out,
			&r.Tokens.Prompt, &r.Tokens.Cached, &r.Tokens.Completion, &r.Tokens.Reasoning, &first, &took, &changed, &tries)
		if err != nil {
			return nil, err
		}
		r.Time, r.FirstByte, r.Took = fromMillis(at), time.Duration(first)*time.Microsecond, time.Duration(took)*time.Microsecond
		if r.Stream && !r.Failed() && first > 0 { // the request's end is the stream's
			r.Streamed = max(0, r.Took-r.FirstByte)
		}
		if err := r.takeBefore(changed, tries); err != nil {
			return nil, fmt.Errorf("request %s: %w", r.ID, err)
		}
		rows = append(rows, queuedRequest{Request: r})
	}
	return rows, list.Err()
}

// takeBefore reads the lists. Tries were microseconds if one was good at once,
// and behind them the model that was asked for if another one answered.
func (r *Request) takeBefore(changed, tries string) error {
	if err := fromList(changed, &r.Changed); err != nil {
		return err
	}
	if tries == "" || tries[0] < '0' || tries[0] > '9' {
		return fromList(tries, &r.Tries)
	}
	micros, model, other := strings.Cut(tries, " ")
	took, err := strconv.ParseInt(micros, 10, 64)
	t := r.goodTry(time.Duration(took) * time.Microsecond)
	if other {
		t.Model = model
	}
	r.Tries = []Try{t}
	return err
}
