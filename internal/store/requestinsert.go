package store

import (
	"context"
	"database/sql"
	"math"
	"strings"
)

// requestRows is how many rows one statement inserts: half of what a row costs
// alone is the way through database/sql.
const requestRows = 32

// requestInserts are the statements that put rows into the table, and what is
// remembered between them. It belongs to one writing goroutine.
type requestInserts struct {
	one   *sql.Stmt // one row
	many  *sql.Stmt // requestRows rows
	kinds kindBook
	said  memo
	sums  usageSums
	// None has numbered parameters: the driver looks those up by their names.
}

// requestOwn are the columns of requests but for n.
const requestOwn = "id, time, kind, bytes_in, bytes_out, prompt, cached, cache_write, completion, reasoning, cost, first_byte, streamed, took, tries"

func (r *Request) appendOwn(args []any, kind int64) []any {
	var n, cost any
	if r.N > 0 { // it had one before
		n = r.N
	}
	if r.Cost != nil {
		cost = nanos(*r.Cost)
	}
	return append(
		args, n, r.ID, r.Time.UnixMilli(), kind, r.In, r.Out, r.Tokens.Prompt, r.Tokens.Cached, r.Tokens.CacheWrite, r.Tokens.Completion,
		r.Tokens.Reasoning, cost, r.FirstByte.Microseconds(), r.Streamed.Microseconds(), r.Took.Microseconds(), r.times(),
	)
}

// nanos is an amount of USD as the database has it.
func nanos(usd float64) int64 { return int64(math.Round(usd * 1e9)) }

// USD is an amount that the database has, in billionths, as dollars.
func USD(nano int64) float64 { return float64(nano) / 1e9 }

// preparer is a database or a transaction.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

func (x *requestInserts) prepare(ctx context.Context, db preparer) (err error) {
	if x.many != nil {
		return nil
	}
	x.finalize()
	row := "(?" + strings.Repeat(", ?", strings.Count(requestOwn, ",")+1) + ")"
	insert := "INSERT INTO requests (n, " + requestOwn + ") VALUES " + row
	if x.one, err = db.PrepareContext(ctx, insert); err != nil {
		return err
	}
	if err = x.kinds.prepare(ctx, db); err != nil {
		return err
	}
	if err = x.sums.prepare(ctx, db); err != nil {
		return err
	}
	x.many, err = db.PrepareContext(ctx, insert+strings.Repeat(", "+row, requestRows-1))
	return err
}

// all inserts rows in their order and adds them to what the hours have used. What
// is remembered holds only if the transaction does: see forget.
func (x *requestInserts) all(ctx context.Context, tx *sql.Tx, rows []queuedRequest) error {
	one, many := tx.StmtContext(ctx, x.one), tx.StmtContext(ctx, x.many)
	defer func() { _, _ = one.Close(), many.Close() }() // they end with the transaction in any case
	args := make([]any, 0, requestRows*16)
	var last requestKind
	var id int64
	for at := 0; at < len(rows); {
		stmt, n := one, 1
		if len(rows)-at >= requestRows {
			stmt, n = many, requestRows
		}
		args = args[:0]
		for i := range rows[at : at+n] {
			r := &rows[at+i].Request
			if kind := r.kind(&x.said); id == 0 || kind != last {
				var err error
				if id, err = x.kinds.of(ctx, tx, kind); err != nil {
					return err
				}
				last = kind
			}
			args = r.appendOwn(args, id)
			x.sums.add(r)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
		at += n
	}
	return x.sums.write(ctx, tx)
}

// forget is for a transaction that failed.
func (x *requestInserts) forget() {
	x.kinds.forget()
	x.sums.forget()
}

// finalize frees the statements.
func (x *requestInserts) finalize() {
	freed(x.one, x.many)
	x.kinds.finalize()
	x.sums.finalize()
	*x = requestInserts{}
}
