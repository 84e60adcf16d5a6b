package main

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/keypool"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
)

// clockLimit is how far the clock may be off: reset times that providers tell
// as a time of day are wrong by as much.
const clockLimit = 30 * time.Second

// askedProviders is what the providers said.
type askedProviders struct {
	keys   []askedKey
	models map[string][]string // listed ids by provider
	ahead  time.Duration       // how far our clock is ahead of the providers'
	timed  bool                // whether any of them told the time
}

type askedKey struct {
	id     string // PROVIDER/NAME
	class  upstream.Class
	reason string
	policy bool // left alone
}

// askProviders asks each key's provider for its models, once. Of keys that a
// running proxy knows the state of, one for each provider is enough.
func (d *doctor) askProviders() {
	d.asked.models = map[string][]string{}
	if d.offline {
		return
	}
	sender, err := d.sender()
	if err != nil {
		return // told by checkOutbound
	}
	for i := range d.settings.Providers {
		p := &d.settings.Providers[i]
		for j := range p.Keys {
			k := &p.Keys[j]
			if k.Secret.Empty() || k.Disabled {
				continue
			}
			d.askKey(sender, p, k)
			if d.status != nil && len(d.asked.models[p.ID]) > 0 {
				break
			}
		}
	}
}

func (d *doctor) askKey(sender *upstream.Sender, p *config.Provider, k *config.Key) {
	endpoint := p.Endpoint(k.Endpoint)
	asked := askedKey{id: p.ID + "/" + k.Name, policy: endpoint.Policy != nil}
	if !asked.policy {
		before := time.Now()
		models, reply := sender.Models(d.ctx, p, endpoint, k.Secret)
		reply.Close()
		asked.class, asked.reason = reply.Class, reply.Reason
		d.noteTime(reply.Header, before)
		for _, m := range models {
			d.asked.models[p.ID] = append(d.asked.models[p.ID], m.ID)
		}
	}
	d.asked.keys = append(d.asked.keys, asked)
}

// noteTime compares a provider's clock with ours, half-way through the call. Of
// several the nearest counts: it is our clock that is looked for.
func (d *doctor) noteTime(header http.Header, before time.Time) {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	now := time.Now()
	ahead := before.Add(now.Sub(before) / 2).Sub(theirs)
	if !d.asked.timed || ahead.Abs() < d.asked.ahead.Abs() {
		d.asked.ahead = ahead
	}
	d.asked.timed = true
}

// checkKeys says in what state each key is: as the running proxy has it, and as
// its provider has just answered.
func (d *doctor) checkKeys() {
	told := map[string]bool{}
	if d.status != nil {
		for i := range d.status.Providers {
			for j := range d.status.Providers[i].Keys {
				s := &d.status.Providers[i].Keys[j]
				d.checkState(s)
				told[s.Provider+"/"+s.Name] = true
			}
		}
	}
	for _, a := range d.asked.keys {
		if !told[a.id] {
			told[a.id] = true
			d.checkAsked(a)
		}
	}
	for i := range d.settings.Providers {
		p := &d.settings.Providers[i]
		for _, k := range p.Keys {
			if !told[p.ID+"/"+k.Name] {
				told[p.ID+"/"+k.Name] = true
				d.checkUntold(p, &k)
			}
		}
	}
	if len(told) == 0 {
		d.warn("keys", "glmtray keys add cerebras", "there is none yet")
	}
}

// checkState judges a key by the running proxy.
func (d *doctor) checkState(s *keypool.State) {
	name := "key " + s.Provider + "/" + s.Name
	switch s.State {
	case keypool.Parked:
		d.fail(name, "mend the account or replace the key; then: glmtray keys enable "+s.Provider+" "+s.Name, "%s", keyWords(s))
	case keypool.Missing:
		d.fail(name, "glmtray keys add "+s.Provider+" "+s.Name, "%s", keyWords(s))
	case keypool.Cooling:
		d.warn(name, "", "%s", keyWords(s))
	default:
		d.ok(name, "%s in the running proxy", keyWords(s))
	}
	d.inReport(s.State + " in the running proxy")
}

func (d *doctor) checkAsked(a askedKey) {
	name := "key " + a.id
	if a.policy {
		d.ok(name, "not asked: its vendor's policy allows no calls but a person's; glmtray keys test does one")
		return
	}
	switch a.class {
	case upstream.OK:
		d.ok(name, "its provider knows it")
	case upstream.KeyRejected, upstream.AccountStopped:
		d.fail(name, "mend the account or replace the key: glmtray keys add "+strings.Replace(a.id, "/", " ", 1), "%s", a.reason)
	default:
		d.warn(name, "", "%s: %s", a.class, a.reason)
	}
	d.inReport("asked: " + a.class.String())
}

// checkUntold judges a key that nobody was asked about.
func (d *doctor) checkUntold(p *config.Provider, k *config.Key) {
	name := "key " + p.ID + "/" + k.Name
	switch {
	case k.Disabled:
		d.ok(name, "switched off")
	case d.broken != nil:
		d.warn(name, "", "not looked at: the keychain cannot be read")
	case k.Secret.Empty():
		d.fail(name, "glmtray keys add "+p.ID+" "+k.Name, "%s", k.Problem)
		d.inReport("has no secret that may be used")
	default:
		d.ok(name, "is there; its provider was not asked")
	}
}

// checkModels compares the models that are configured for roles with those
// that the providers list.
func (d *doctor) checkModels() {
	for i := range d.settings.Providers {
		p := &d.settings.Providers[i]
		if p.Usable() == 0 {
			continue
		}
		listed := d.asked.models[p.ID]
		if len(listed) == 0 && d.status != nil {
			for _, m := range d.status.Models[p.ID].Listed {
				listed = append(listed, m.ID)
			}
		}
		if len(listed) == 0 {
			d.ok("models of "+p.ID, "not compared: its list of models is not known")
			continue
		}
		d.compareModels(p, listed)
	}
}

func (d *doctor) compareModels(p *config.Provider, listed []string) {
	name := "models of " + p.ID
	var filled, empty []string
	for _, role := range config.Roles {
		wanted := p.Roles[role]
		at := slices.IndexFunc(wanted, func(id string) bool { return slices.Contains(listed, id) })
		switch {
		case at >= 0:
			filled = append(filled, string(role)+" is "+wanted[at])
		case len(wanted) > 0:
			empty = append(empty, string(role)+" ("+strings.Join(wanted, ", ")+")")
		}
	}
	if len(empty) > 0 {
		d.warn(name, "name others in [provider."+p.ID+".roles]; it lists "+firstFew(listed),
			"it lists none for %s", strings.Join(empty, ", "))
		return
	}
	d.ok(name, "%s", strings.Join(filled, ", "))
}

func firstFew(ids []string) string {
	const few = 12
	if len(ids) > few {
		return strings.Join(ids[:few], ", ") + ", …"
	}
	return strings.Join(ids, ", ")
}

func (d *doctor) checkClock() {
	const name = "clock"
	ahead := d.asked.ahead.Round(time.Second)
	switch {
	case !d.asked.timed:
		d.ok(name, "not compared: no provider was asked")
	case ahead > clockLimit:
		d.warn(name, "set the clock: waiting times come out wrong", "%s ahead of the providers'", ahead)
	case ahead < -clockLimit:
		d.warn(name, "set the clock: waiting times come out wrong", "%s behind the providers'", -ahead)
	default:
		d.ok(name, "within %s of the providers'", clockLimit)
	}
}
