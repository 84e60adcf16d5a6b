package proxy

import (
	"context"
	"fmt"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// Pause answers every further request with 503 until Resume. Requests under
// way are finished.
func (s *Server) Pause() {
	now := time.Now()
	if s.pause.CompareAndSwap(nil, &now) {
		s.log.Info("paused")
		s.opt.Bus.Publish(event.ServerChanged{Time: now, State: "paused"})
	}
}

// Resume ends a pause.
func (s *Server) Resume() {
	if s.pause.Swap(nil) != nil {
		s.log.Info("resumed")
		s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "serving"})
	}
}

// Pin sends everything to one provider for a time, as far as it has a model
// for it; an empty provider ends it.
func (s *Server) Pin(provider string, d time.Duration) error {
	if provider == "" {
		if s.pin.Swap(nil) != nil {
			s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "unpinned"})
		}
		return nil
	}
	p := s.Settings().Provider(provider)
	if p == nil {
		return fmt.Errorf("pin %q: no such provider", provider)
	}
	if p.Usable() == 0 {
		return fmt.Errorf("pin %q: it has no usable key", provider)
	}
	if d <= 0 {
		return fmt.Errorf("pin %q: for %s: give a time longer than nothing", provider, d)
	}
	until := time.Now().Add(d)
	s.pin.Store(&pin{provider, until})
	s.log.Info("pinned", "provider", provider, "until", until.Format(time.TimeOnly))
	s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "pinned", Detail: provider, Until: until})
	return nil
}

// pinned gives the pin in force. One that has run out, or whose provider a
// reload took away, counts no more.
func (s *Server) pinned() *pin {
	p := s.pin.Load()
	if p == nil {
		return nil
	}
	if q := s.Settings().Provider(p.provider); !time.Now().Before(p.until) || q == nil || q.Usable() == 0 {
		if s.pin.CompareAndSwap(p, nil) {
			s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: "unpinned", Detail: p.provider})
		}
		return nil
	}
	return p
}

// Probe asks a provider for its models with one key, now and at a person's
// word, and tells the pool what that said of the key.
func (s *Server) Probe(ctx context.Context, provider, name string) error {
	p := s.Settings().Provider(provider)
	if p == nil {
		return fmt.Errorf("probe %s/%s: no such provider", provider, name)
	}
	for i := range p.Keys {
		if p.Keys[i].Name == name {
			return s.probeKey(ctx, p, &p.Keys[i])
		}
	}
	return fmt.Errorf("probe %s/%s: no such key", provider, name)
}

func (s *Server) probeKey(ctx context.Context, p *config.Provider, k *config.Key) error {
	if k.Secret.Empty() {
		return fmt.Errorf("probe %s/%s: %s", p.ID, k.Name, k.Problem)
	}
	listed, reply := s.opt.Sender.Models(ctx, p, p.Endpoint(k.Endpoint), k.Secret)
	if reply != nil {
		defer reply.Close()
	}
	switch {
	case reply == nil || reply.Class == upstream.OK:
		if len(listed) > 0 {
			s.opt.Roster.SetListed(p.ID, rosterList(listed))
		}
		return s.opt.Pool.Enable(p.ID, k.Name)
	case reply.Class == upstream.KeyRejected || reply.Class == upstream.AccountStopped:
		if err := s.opt.Pool.Park(p.ID, k.Name, reply.Reason); err != nil {
			return err
		}
	}
	return fmt.Errorf("probe %s/%s: %s: %s", p.ID, k.Name, reply.Class, reply.Reason)
}
