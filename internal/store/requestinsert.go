package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// requestRows is how many rows one statement inserts: half of what a row costs
// alone is the way through database/sql.
const requestRows = 32

// requestInserts are the statements that put rows into the table. The binding of
// values is the larger part of what a row costs, and most of the values are the
// same from row to row, as one client asks one model for the same: in a statement
// for rows that are alike they are bound once.
type requestInserts struct {
	one   *sql.Stmt // one row
	many  *sql.Stmt // requestRows rows
	alike *sql.Stmt // requestRows rows that differ in requestOwn alone
	// None has numbered parameters: the driver looks those up by their names.
}

// The columns that rows of one client and one model share, and those that each
// row has for itself. They are all of requestColumns but n, which the database
// gives.
const (
	requestShared = "client, method, path, asked, provider, model, key, rule, reason, status, outcome, failed, error, stream, demo, changed"
	requestOwn    = "id, time, bytes_in, bytes_out, prompt, cached, completion, reasoning, first_byte, took, tries"
)

// alike reports whether two rows differ in requestOwn alone.
func (r *Request) alike(o *Request) bool {
	return r.ask() == o.ask() && r.answer() == o.answer() && slices.Equal(r.Changed, o.Changed)
}

func (r *Request) ask() [5]string { return [5]string{r.Client, r.Method, r.Path, r.Asked, r.Rule} }

type answerKind struct {
	provider, model, key, reason, outcome, err string
	status                                     int
	stream, demo                               bool
}

func (r *Request) answer() answerKind {
	return answerKind{r.Provider, r.Model, r.Key, r.Reason, r.Outcome, r.Error, r.Status, r.Stream, r.Demo}
}

// appendShared gives the values of requestShared. Numbers are int64 here and
// below: database/sql converts all others by reflection.
func (r *Request) appendShared(args []any) []any {
	return append(
		args, r.Client, r.Method, r.Path, r.Asked, r.Provider, r.Model, r.Key, r.Rule, r.Reason, int64(r.Status), r.Outcome, r.Failed(),
		r.Error, r.Stream, r.Demo, toList(r.Changed),
	)
}

func (r *Request) appendOwn(args []any) []any {
	t := &r.Tokens
	return append(
		args, r.ID, r.Time.UnixMilli(), r.In, r.Out, int64(t.Prompt), int64(t.Cached), int64(t.Completion), int64(t.Reasoning),
		r.FirstByte.Microseconds(), r.Took.Microseconds(), r.triesText(),
	)
}

func (x *requestInserts) prepare(ctx context.Context, db *sql.DB) (err error) {
	if x.alike != nil {
		return nil
	}
	x.finalize()
	marks := func(columns string) string { return strings.Repeat(", ?", strings.Count(columns, ",")+1)[2:] }
	repeat := func(row string, n int) string { return strings.Repeat(row+", ", n-1) + row }
	insert := "INSERT INTO requests (" + requestShared + ", " + requestOwn + ") "
	row, own := "("+marks(requestShared)+", "+marks(requestOwn)+")", "("+marks(requestOwn)+")"
	if x.one, err = db.PrepareContext(ctx, insert+"VALUES "+row); err != nil {
		return err
	}
	if x.many, err = db.PrepareContext(ctx, insert+"VALUES "+repeat(row, requestRows)); err != nil {
		return err
	}
	x.alike, err = db.PrepareContext(ctx, insert+"SELECT * FROM (SELECT "+marks(requestShared)+"), (VALUES "+repeat(own, requestRows)+")")
	return err
}

// all inserts rows in their order.
func (x *requestInserts) all(ctx context.Context, tx *sql.Tx, rows []queuedRequest) error {
	one, many, alike := tx.StmtContext(ctx, x.one), tx.StmtContext(ctx, x.many), tx.StmtContext(ctx, x.alike)
	defer func() { _, _, _ = one.Close(), many.Close(), alike.Close() }() // they end with the transaction in any case
	args := make([]any, 0, requestRows*32)
	for len(rows) > 0 {
		stmt, n := one, 1
		if len(rows) >= requestRows {
			stmt, n = alike, requestRows
			if !allAlike(rows[:n]) {
				stmt = many
			}
		}
		args = args[:0]
		for i := range rows[:n] {
			if i == 0 || stmt == many {
				args = rows[i].appendShared(args)
			}
			args = rows[i].appendOwn(args)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func allAlike(rows []queuedRequest) bool {
	for i := range rows[1:] {
		if !rows[0].alike(&rows[1+i].Request) {
			return false
		}
	}
	return true
}

// finalize frees the statements.
func (x *requestInserts) finalize() {
	for _, stmt := range []*sql.Stmt{x.one, x.many, x.alike} {
		if stmt != nil {
			_ = stmt.Close() // the database frees it in any case
		}
	}
	*x = requestInserts{}
}
