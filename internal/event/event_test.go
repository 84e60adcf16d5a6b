package event_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/glmtray/glmtray/internal/event"
)

func TestASlowReaderLosesTheOldestAndIsTold(t *testing.T) {
	var b event.Bus
	if b.Watched() {
		t.Fatal("nobody watches yet")
	}
	sub := b.Subscribe(3)
	for i := range 5 {
		b.Publish(event.Logged{Text: strconv.Itoa(i)})
	}
	got, err := sub.Next(t.Context(), nil)
	if err != nil || len(got) != 3 || got[0].(event.Logged).Text != "2" || got[2].(event.Logged).Text != "4" {
		t.Fatalf("got %v, %v", got, err)
	}
	if sub.Dropped() != 2 {
		t.Errorf("dropped %d, want 2", sub.Dropped())
	}
	sub.Close()
	if _, err := sub.Next(t.Context(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a closed subscription gave %v", err)
	}
	if b.Watched() {
		t.Error("a closed subscription still counts")
	}
}

func TestNextEndsWithItsContext(t *testing.T) {
	var b event.Bus
	sub := b.Subscribe(1)
	defer sub.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sub.Next(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPublishersNeverWaitForReaders(t *testing.T) {
	var b event.Bus
	idle := b.Subscribe(1) // never read
	defer idle.Close()
	sub := b.Subscribe(10000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				b.Publish(event.Routed{})
			}
		})
	}
	wg.Wait()
	n := 0
	for n < 8000 {
		batch, err := sub.Next(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		n += len(batch)
	}
	if idle.Dropped() != 7999 {
		t.Errorf("dropped %d", idle.Dropped())
	}
	sub.Close()
}

func TestEveryEventHasAName(t *testing.T) {
	for _, e := range []event.Event{event.Routed{}, event.Attempted{}, event.Finished{}, event.KeyChanged{}, event.ServerChanged{}, event.Logged{}} {
		if event.Name(e) == "unknown" {
			t.Errorf("%T has none", e)
		}
	}
}
