package main

import (
	"context"

	"github.com/glmtray/glmtray/internal/connect"
)

// repoint tells the connected clients where the proxy is now, if it has moved.
// Nobody waits for it. The demo moves nobody, and no client is taken away from
// another glmtray that still serves it.
func (a *app) repoint(ctx context.Context, around connect.Env, base string) {
	if a.opt.forceDemo {
		return
	}
	k := connect.New(around, a.settings().DataDir)
	connections, err := k.Connections()
	if err != nil {
		a.log.Warn("connected agents are not looked at; put them back with: glmtray restore", "error", err)
		return
	}
	asked := map[string]bool{base: true}
	for _, c := range connections {
		if asked[c.BaseURL] {
			continue
		}
		asked[c.BaseURL] = true
		if isGlmtray(ctx, c.BaseURL) {
			a.log.Warn("connected agents stay with another glmtray", "there", c.BaseURL, "here", base)
			return
		}
	}
	moved, err := k.Repoint(base)
	for _, m := range moved {
		a.log.Info("agent pointed at the new address", "agent", m.Client, "from", m.From, "to", base)
		for _, kept := range m.Kept {
			a.log.Warn("changed by somebody else, so it stays", "agent", m.Client, "what", kept)
		}
	}
	if err != nil {
		a.log.Warn("an agent still has the old address, which the next start tries to change again; see: glmtray connect --list", "error", err)
	}
}
