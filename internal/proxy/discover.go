package proxy

import (
	"context"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/roster"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// discoverEvery is how often providers are asked for their models, discoverSoon
// how soon one is asked again that could not be reached: a laptop starts before
// its network does.
const (
	discoverEvery = 24 * time.Hour
	discoverSoon  = 2 * time.Minute
)

// discoverLimit bounds one such question.
const discoverLimit = 30 * time.Second

// Discover asks every provider which models it has, now, daily, and whenever
// wake is signalled (new keys). The same free call may lift a parked key.
// Keys under a vendor's policy (Z.ai's coding plan) are left alone: nothing is
// sent with them but what a client asked for.
func (s *Server) Discover(ctx context.Context, wake <-chan struct{}) {
	for {
		set, next := s.Settings(), discoverEvery
		for i := range set.Providers {
			if !s.discover(ctx, &set.Providers[i]) {
				next = discoverSoon
			}
		}
		again := time.NewTimer(next)
		select {
		case <-again.C:
		case <-wake:
			again.Stop()
		case <-ctx.Done():
			again.Stop()
			return
		}
	}
}

// discover asks one provider with the first key that answers, and tries each
// parked key once, but those that have been parked a moment ago: a provider that
// refuses a key may tell its models all the same. It reports whether the provider
// could be reached, or need not be.
func (s *Server) discover(ctx context.Context, p *config.Provider) (reached bool) {
	parked := map[string]bool{}
	for _, k := range s.opt.Pool.Provider(p.ID) {
		parked[k.Name] = k.State == keypool.Parked && time.Since(k.ParkedOn) > discoverSoon
	}
	reached = true
	done := false
	for i := range p.Keys {
		k := &p.Keys[i]
		if k.Secret.Empty() || k.Disabled || p.Endpoint(k.Endpoint).Policy != nil {
			continue
		}
		if done && !parked[k.Name] {
			continue
		}
		ask, cancel := context.WithTimeout(ctx, discoverLimit)
		listed, reply := s.opt.Sender.Models(ask, p, p.Endpoint(k.Endpoint), k.Secret)
		cancel()
		if !done {
			reached = reply == nil || reply.Status != 0
		}
		if s.heard(p, k, listed, reply, parked[k.Name]) {
			done = true
		}
	}
	return reached
}

// heard takes in what a provider said of its models and of the key.
func (s *Server) heard(p *config.Provider, k *config.Key, listed []upstream.Model, reply *upstream.Reply, parked bool) bool {
	if reply != nil {
		reply.Close()
		switch reply.Class {
		case upstream.OK:
		case upstream.KeyRejected, upstream.AccountStopped:
			s.log.Warn("key rejected", "provider", p.ID, "key", k.Name, "said", reply.Reason)
			_ = s.opt.Pool.Park(p.ID, k.Name, reply.Reason) // a key that a reload has just removed needs no parking
			return false
		default:
			s.log.Debug("models not told", "provider", p.ID, "key", k.Name, "class", reply.Class.String(), "said", reply.Reason)
			return false
		}
	}
	if parked {
		s.log.Info("key works again", "provider", p.ID, "key", k.Name)
		_ = s.opt.Pool.Enable(p.ID, k.Name) // as above
	}
	if len(listed) == 0 {
		return false
	}
	s.opt.Roster.SetListed(p.ID, rosterList(listed))
	s.checkRoles(p)
	return true
}

// checkRoles says once when a configured model is not there any more.
func (s *Server) checkRoles(p *config.Provider) {
	for _, role := range config.Roles {
		wanted := p.Roles[role]
		if len(wanted) == 0 {
			continue
		}
		if id, ok := s.opt.Roster.Role(p, role); !ok {
			s.log.Warn("no model for a role", "provider", p.ID, "role", string(role), "wanted", wanted)
		} else if id != wanted[0] {
			s.log.Info("role filled", "provider", p.ID, "role", string(role), "model", id, "preferred", wanted[0])
		}
	}
}

func rosterList(listed []upstream.Model) []roster.Listed {
	out := make([]roster.Listed, len(listed))
	for i, m := range listed {
		out[i] = roster.Listed{ID: m.ID, Context: m.Context, MaxOutput: m.MaxOutput, Vision: m.Vision}
	}
	return out
}
