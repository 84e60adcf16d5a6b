package dialect

import (
	"errors"
	"fmt"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// StreamAsWhole makes one body of a finished stream, in the provider's own
// dialect, for a client that asked for a whole answer and got a stream. It fails
// where the stream does, and where it ends without a finish.
func StreamAsWhole(behind Name, ask Ask, events []byte) ([]byte, error) {
	var (
		g      gathering
		fails  *chat.Error
		stops  bool
		reader = adapterOf(behind).answers()
	)
	take := func(d *chat.Delta) {
		switch d.Kind {
		case chat.Fails:
			fails = d.Err
		case chat.Stops:
			stops = true
		}
		g.delta(d)
	}
	rest := append(events[:len(events):len(events)], "\n\n"...) // the last event may lack its blank line
	for {
		ev, n, ok := NextEvent(rest)
		if !ok {
			break
		}
		if rest = rest[n:]; ev.Data != nil {
			reader.event(ev, take) // what cannot be read is left out, as in a stream
		}
	}
	switch {
	case fails != nil:
		return nil, fmt.Errorf("a stream that fails: %w", fails)
	case !stops:
		return nil, errors.New("a stream that breaks off")
	}
	return adapterOf(behind).whole(ask, &g.Answer), nil
}
