package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// requestKind is what many requests have in common: a row of request_kinds.
type requestKind struct {
	client, method, path, asked         string
	provider, model, key, rule, reason  string
	outcome, err, changed, tried        string
	status                              int
	failed, stream, demo, counted, plan bool
}

// kindColumns are in the order of requestKind.args.
const kindColumns = "client, method, path, asked, provider, model, key, rule, reason, status, outcome, failed, error, stream, demo, counted, plan, changed, tried"

// kind puts the lists into JSON through the memo, where others' are the same.
func (r *Request) kind(said *memo) requestKind {
	return requestKind{
		client: r.Client, method: r.Method, path: r.Path, asked: r.Asked,
		provider: r.Provider, model: r.Model, key: r.Key, rule: r.Rule, reason: r.Reason,
		outcome: r.Outcome, err: r.Error, changed: said.list(r.Changed), tried: r.tried(said),
		status: r.Status, failed: r.Failed(), stream: r.Stream, demo: r.Demo, counted: r.Counted, plan: r.CostEquivalent,
	}
}

func (k *requestKind) args() []any {
	return []any{
		k.client, k.method, k.path, k.asked, k.provider, k.model, k.key, k.rule, k.reason, k.status, k.outcome, k.failed,
		k.err, k.stream, k.demo, k.counted, k.plan, k.changed, k.tried,
	}
}

// digest tells kinds apart.
func (k *requestKind) digest() []byte {
	h := sha256.New()
	for _, v := range k.args() {
		text := fmt.Sprint(v)
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(text))))
		_, _ = h.Write([]byte(text))
	}
	return h.Sum(nil)[:16]
}

// tried is the tries without their times; nothing if one was good at once, of
// which the kind has all else.
func (r *Request) tried(said *memo) string {
	if len(r.Tries) == 0 || len(r.Tries) == 1 && r.Tries[0] == r.goodTry(r.Tries[0].Took) {
		return ""
	}
	return said.tries(r.Tries)
}

// memo remembers lists in JSON: a row had one or two that a row before it had as
// well, and to write them was a quarter of its cost. It belongs to one goroutine;
// the zero memo is ready.
type memo struct {
	lists map[string]string // by their only item
	only  map[Try]string    // a lone try, without its time
}

// maxMemo bounds each of its maps.
const maxMemo = 256

func (m *memo) list(list []string) string {
	if len(list) != 1 {
		return toList(list)
	}
	text, ok := m.lists[list[0]]
	if !ok {
		text = toList(list)
		keepIn(&m.lists, list[0], text)
	}
	return text
}

func (m *memo) tries(list []Try) string {
	if len(list) != 1 {
		list = slices.Clone(list)
		for i := range list {
			list[i].Took = 0
		}
		return toList(list)
	}
	lone := list[0]
	lone.Took = 0
	text, ok := m.only[lone]
	if !ok {
		text = toList([]Try{lone})
		keepIn(&m.only, lone, text)
	}
	return text
}

func keepIn[K comparable](in *map[K]string, key K, text string) {
	if len(*in) >= maxMemo || *in == nil {
		*in = map[K]string{}
	}
	(*in)[key] = text
}

// times are the microseconds of the tries.
func (r *Request) times() string {
	var b []byte
	for i := range r.Tries {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, r.Tries[i].Took.Microseconds(), 10)
	}
	return string(b)
}

// setTries puts the tries together again.
func (r *Request) setTries(tried, times string) error {
	if times == "" {
		return nil
	}
	each := strings.Split(times, ",")
	if tried == "" {
		r.Tries = []Try{r.goodTry(0)}
	} else if err := fromList(tried, &r.Tries); err != nil {
		return err
	}
	if len(each) != len(r.Tries) {
		return fmt.Errorf("%d tries and %d times of them", len(r.Tries), len(each))
	}
	for i := range each {
		took, err := strconv.ParseInt(each[i], 10, 64)
		if err != nil {
			return err
		}
		r.Tries[i].Took = time.Duration(took) * time.Microsecond
	}
	return nil
}

func (r *Request) goodTry(took time.Duration) Try {
	return Try{Provider: r.Provider, Model: r.Model, Key: r.Key, Status: r.Status, Class: outcomeOK, Took: took}
}

// maxKinds bounds how many kinds a writer remembers.
const maxKinds = 4096

// kindBook gives the ids of kinds. It belongs to one writing goroutine, and what
// it remembers is forgotten when a transaction fails or kinds were removed.
type kindBook struct {
	find, add *sql.Stmt
	ids       map[requestKind]int64
	gone      int64 // Store.kindsGone as it was
}

func (b *kindBook) prepare(ctx context.Context, db preparer) (err error) {
	if b.find, err = db.PrepareContext(ctx, "SELECT id FROM request_kinds WHERE digest = ?"); err != nil {
		return err
	}
	marks := strings.Repeat(", ?", strings.Count(kindColumns, ",")+1)
	b.add, err = db.PrepareContext(ctx, "INSERT INTO request_kinds (digest, "+kindColumns+") VALUES (?"+marks+") RETURNING id")
	return err
}

// of finds or adds a kind.
func (b *kindBook) of(ctx context.Context, tx *sql.Tx, k requestKind) (id int64, err error) {
	if id, ok := b.ids[k]; ok {
		return id, nil
	}
	digest := k.digest()
	if err = one(ctx, tx, b.find, &id, digest); errors.Is(err, sql.ErrNoRows) {
		err = one(ctx, tx, b.add, &id, append([]any{digest}, k.args()...)...)
	}
	if err != nil {
		return 0, err
	}
	if b.ids == nil || len(b.ids) >= maxKinds {
		b.ids = map[requestKind]int64{}
	}
	b.ids[k] = id
	return id, nil
}

// one runs a statement that gives one number.
func one(ctx context.Context, tx *sql.Tx, stmt *sql.Stmt, n *int64, args ...any) error {
	in := tx.StmtContext(ctx, stmt)
	defer func() { _ = in.Close() }() // it ends with the transaction in any case
	return in.QueryRowContext(ctx, args...).Scan(n)
}

// forget is for when what was remembered may not be there.
func (b *kindBook) forget() { clear(b.ids) }

func (b *kindBook) finalize() { freed(b.find, b.add) }

// freed frees statements, as far as they were made.
func freed(all ...*sql.Stmt) {
	for _, stmt := range all {
		if stmt != nil {
			_ = stmt.Close() // the database frees it in any case
		}
	}
}
