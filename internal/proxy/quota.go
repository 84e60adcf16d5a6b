package proxy

import (
	"cmp"
	"context"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// PollQuotas asks the providers that the settings name what is left of their
// plans, now and then, until ctx ends. It is off unless asked for: one of the
// pages is undocumented, and keys under a vendor's policy (Z.ai's coding plan)
// send nothing that nobody wished. What it finds counts as told limits; what it
// does not find changes nothing.
func (s *Server) PollQuotas(ctx context.Context) {
	for {
		set := s.Settings()
		for i := range set.Providers {
			if p := &set.Providers[i]; set.Quotas.Polls(p.ID) {
				s.pollQuota(ctx, set, p)
			}
		}
		again := time.NewTimer(max(set.Quotas.Every, config.LeastQuotaPoll))
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return
		}
	}
}

// pollQuota asks once per account of a provider.
func (s *Server) pollQuota(ctx context.Context, set *config.Settings, p *config.Provider) {
	if !upstream.HasQuota(p.ID) {
		s.log.Debug("no quota to ask for", "provider", p.ID)
		return
	}
	asked := map[string]bool{}
	for i := range p.Keys {
		k := &p.Keys[i]
		if k.Secret.Empty() || k.Disabled || (k.Account != "" && asked[k.Account]) {
			continue
		}
		asked[k.Account] = true
		s.askQuota(ctx, set, p, k)
	}
}

func (s *Server) askQuota(ctx context.Context, set *config.Settings, p *config.Provider, k *config.Key) {
	e, base := p.Endpoint(k.Endpoint), ""
	if p.ID == "zai" {
		base = set.Quotas.ZAIURL
	}
	// A key of the keychain is bound to the host that it was stored for.
	if base != "" && k.Origin == config.FromKeychain && config.Host(base) != config.Host(e.URL) {
		s.log.Warn("quota is not asked for: zai_quota_url is another host than the key's", "provider", p.ID, "key", k.Name)
		return
	}
	if set.Quotas.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, set.Quotas.Timeout)
		defer cancel()
	}
	limits, reply := s.opt.Sender.Quota(ctx, p, e, k.Secret, base)
	reply.Close()
	if reply.Class != upstream.OK {
		s.log.Debug("quota not told", "provider", p.ID, "key", k.Name, "class", reply.Class.String(), "said", reply.Reason)
		return
	}
	s.limits.note(p.ID, cmp.Or(k.Account, k.Name), limits)
	_ = s.opt.Pool.Told(p.ID, k.Name, poolLimits(limits)) // a key that a reload has just removed has no limits
}
