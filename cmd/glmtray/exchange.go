//go:build !headless

package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// A request's end is told a moment before its record is put, and the database
// has it a quarter of a second after that.
const (
	recordLimit = time.Second
	recordEvery = 50 * time.Millisecond
)

// Exchange implements ui.Backend.
func (d *desktop) Exchange(ctx context.Context, id string) (state.Exchange, error) {
	scrub := new(secret.Scrubber)
	if a := d.app.Load(); a != nil {
		scrub = a.scrub
	}
	if x, ok := d.recent.Find(id); ok {
		return remembered(&x, scrub), nil
	}
	// The database is asked at the beginning, for what is old, and at the end: it
	// has no index of ids, and looks through its rows.
	if x, err := d.kept(ctx, id, scrub); !errors.Is(err, store.ErrNoRequest) {
		return x, err
	}
	late := time.After(recordLimit)
	for {
		if x, ok := d.recent.Find(id); ok {
			return remembered(&x, scrub), nil
		}
		select {
		case <-time.After(recordEvery):
		case <-late:
			x, err := d.kept(ctx, id, scrub)
			if errors.Is(err, store.ErrNoRequest) {
				err = state.Error("nothing more is known of this request")
			}
			return x, err
		case <-ctx.Done():
			return state.Exchange{}, ctx.Err()
		}
	}
}

// kept is a request that is no longer in memory, from the disk.
func (d *desktop) kept(ctx context.Context, id string, scrub *secret.Scrubber) (state.Exchange, error) {
	x, err := d.onDisk(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNoBody) {
		return state.Exchange{}, err
	}
	if err == nil {
		return remembered(&x, scrub), nil
	}
	out := shownRequest(&x.Request, scrub)
	out.Absent = state.Tr("What was said is no longer in memory, where only the last requests are, and no file has it.")
	return out, nil
}

// onDisk is a request as the database has it, with what its body file has. The
// error is store.ErrNoBody if there is none, and the request is there.
func (d *desktop) onDisk(ctx context.Context, id string) (x store.Exchange, err error) {
	a := d.app.Load()
	if a == nil {
		return x, errNotServing
	}
	if x.Request, err = a.store.FindRequest(ctx, id); err != nil {
		return x, err
	}
	x.Sent, x.Got, err = store.FindBody(a.settings().LogDir, x.ID, x.Time)
	return x, err
}

// remembered is what was said, without keys.
func remembered(x *store.Exchange, scrub *secret.Scrubber) state.Exchange {
	out := shownRequest(&x.Request, scrub)
	out.Why = shownWhy(&x.Why, scrub)
	if x.Sent.Body == nil && x.Got.Body == nil {
		out.Absent = state.Tr("Nothing of what was said is there: it was refused before it was read, or ended without a word.")
		return out
	}
	out.Sent = state.Body{Text: store.Readable(x.Sent.Body, scrub), Size: x.In, Cut: x.Sent.Cut}
	out.Got = state.Body{Text: store.Readable(x.Got.Body, scrub), Size: x.Out, Cut: x.Got.Cut}
	return out
}

func shownRequest(r *store.Request, scrub *secret.Scrubber) state.Exchange {
	x := state.Exchange{Finished: r.Finished, Tries: make([]state.Try, len(r.Tries))}
	for _, text := range []*string{&x.Path, &x.Asked, &x.Model, &x.Reason, &x.Error} {
		*text = scrub.Text(*text)
	}
	x.Changed = scrubbed(x.Changed, scrub)
	for i, t := range r.Tries {
		x.Tries[i] = state.Try{
			Provider: t.Provider, Model: scrub.Text(t.Model), Key: t.Key, Status: t.Status, Class: t.Class,
			Reason: scrub.Text(t.Reason), Took: t.Took,
		}
	}
	return x
}

// shownWhy is a copy: what is in memory stays as it is.
func shownWhy(why *event.Why, scrub *secret.Scrubber) event.Why {
	out := event.Why{Estimate: why.Estimate, Chain: scrubbed(why.Chain, scrub), Rules: slices.Clone(why.Rules), Passed: slices.Clone(why.Passed)}
	for i := range out.Rules {
		t := &out.Rules[i]
		t.Reason, t.Left = scrub.Text(t.Reason), scrubbed(t.Left, scrub)
	}
	for i := range out.Passed {
		out.Passed[i].Reason = scrub.Text(out.Passed[i].Reason)
	}
	return out
}

func scrubbed(texts []string, scrub *secret.Scrubber) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = scrub.Text(texts[i])
	}
	return texts
}
