package keychain

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/zalando/go-keyring"
)

// backend is a keychain that may block, panic and fail without a type.
type backend interface {
	get(user string) (string, error)
	set(user, text string) error
	remove(user string) error
}

// guard puts a time limit around a backend and gives its errors types.
type guard struct {
	backend backend
	turn    chan struct{} // holds one token while nobody calls

	mu    sync.Mutex
	began time.Time // when the call that runs began; zero: none runs
}

func newGuard(b backend) *guard {
	g := &guard{backend: b, turn: make(chan struct{}, 1)}
	g.turn <- struct{}{}
	return g
}

// Get implements Keychain.
func (g *guard) Get(ctx context.Context, provider, name string) (Item, error) {
	u, err := user(provider, name)
	if err != nil {
		return Item{}, err
	}
	text, err := g.do(ctx, "reading "+u, func() (string, error) { return g.backend.get(u) })
	if err != nil {
		return Item{}, err
	}
	item := decode(text)
	if item.Secret.Empty() {
		return Item{}, fmt.Errorf("reading %s: the item is empty: %w", u, ErrNotFound)
	}
	return item, nil
}

// Set implements Keychain.
func (g *guard) Set(ctx context.Context, provider, name string, item Item) error {
	u, err := user(provider, name)
	if err != nil {
		return err
	}
	text, err := encode(item)
	if err != nil {
		return fmt.Errorf("storing %s: %w", u, err)
	}
	_, err = g.do(ctx, "storing "+u, func() (string, error) { return "", g.backend.set(u, text) })
	return err
}

// Delete implements Keychain.
func (g *guard) Delete(ctx context.Context, provider, name string) error {
	u, err := user(provider, name)
	if err != nil {
		return err
	}
	_, err = g.do(ctx, "deleting "+u, func() (string, error) { return "", g.backend.remove(u) })
	return err
}

type answer struct {
	text string
	err  error
}

var (
	errNoAnswer = fmt.Errorf("it did not answer within %v; it may be asking for its password", Limit)
	errStillOut = errors.New("an earlier call is still waiting; it may be asking for its password")
)

// do makes one call in a goroutine of its own, since neither D-Bus nor the
// other systems' calls can be cancelled. That goroutine gives the turn back, so
// at most one is ever stuck.
func (g *guard) do(ctx context.Context, doing string, call func() (string, error)) (string, error) {
	until := time.Now().Add(Limit)
	if err := g.await(ctx, until); err != nil {
		return "", typed(doing, err)
	}
	done := make(chan answer, 1)
	g.mark(time.Now())
	go func() {
		a := safely(call)
		g.mark(time.Time{})
		g.turn <- struct{}{}
		done <- a
	}()
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case a := <-done:
		if a.err != nil {
			return "", typed(doing, a.err)
		}
		return a.text, nil
	case <-timer.C:
		return "", typed(doing, errNoAnswer)
	case <-ctx.Done():
		return "", typed(doing, ctx.Err())
	}
}

// await waits for the turn: until the given time, but no longer than the call
// that has it may take.
func (g *guard) await(ctx context.Context, until time.Time) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		timer := time.NewTimer(min(time.Until(until), g.left()))
		select {
		case <-g.turn:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		switch {
		case g.left() <= 0:
			return errStillOut
		case time.Until(until) <= 0:
			return errNoAnswer
		}
	}
}

func (g *guard) mark(began time.Time) {
	g.mu.Lock()
	g.began = began
	g.mu.Unlock()
}

// left is how long the running call may still take.
func (g *guard) left() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.began.IsZero() {
		return Limit
	}
	return Limit - time.Since(g.began)
}

// safely keeps a panic of the D-Bus code (it trusts the types of what a foreign
// service answers) from ending the program.
func safely(call func() (string, error)) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{err: fmt.Errorf("it answered with something unexpected: %v", p)}
		}
	}()
	a.text, a.err = call()
	return a
}

// typed gives a backend's error its type. Other than "not found", whatever a
// keychain answers means that it cannot be used now.
func typed(doing string, err error) error {
	switch {
	case errors.Is(err, context.Canceled): // the caller left: nothing is wrong
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(err, keyring.ErrNotFound):
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return fmt.Errorf("%s: the key is too long for this system's keychain: %w", doing, err)
	default:
		return fmt.Errorf("%s: %w", doing, &unavailable{cause: err, hint: hintFor(runtime.GOOS)})
	}
}
