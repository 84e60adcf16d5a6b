package main

import (
	"cmp"
	"fmt"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store/keychain"
)

type keyAddCmd struct {
	Provider string `arg:"" help:"The provider: cerebras, synthetic, zai, or one of the settings."`
	Name     string `arg:"" optional:"" help:"A name for the key; without it the next free one of main, key2, key3, …"`
	Account  string `name:"account" placeholder:"ACCOUNT" help:"Keys of one account share its limits; give each of them the same word."`
	Endpoint string `name:"endpoint" placeholder:"plan|payg" help:"Z.ai: whether the key belongs to the coding plan or to pay-as-you-go."`
	Yes      bool   `name:"yes" short:"y" help:"Agree to every question beforehand."`
}

// Help is the rest of --help.
func (c *keyAddCmd) Help() string {
	return `The key is asked for without being shown, or read from standard input:

  glmtray keys add cerebras desk
  glmtray keys add zai --endpoint payg < key.txt

It is kept in the keychain of your system, bound to the provider's host; the settings file only learns its name.
A key is never taken from the command line, where every program could read it.`
}

// Run adds or replaces a key.
func (c *keyAddCmd) Run(e *env) error {
	r, err := e.keyRoom()
	if err != nil {
		return err
	}
	p, err := r.provider(c.Provider)
	if err != nil {
		return err
	}
	ask := newAsker(e, c.Yes)
	k := config.Key{Name: cmp.Or(c.Name, freeName(p)), Account: c.Account}
	if err := checkName(k.Name); err != nil {
		return err
	}
	old := keyOf(p, k.Name)
	if old != nil {
		question := fmt.Sprintf("%s/%s is there already. Replace its key?", p.ID, k.Name)
		if err := ask.confirm(question, "replacing "+p.ID+"/"+k.Name); err != nil {
			return err
		}
	}
	if k.Endpoint, err = c.endpoint(ask, p, old); err != nil {
		return err
	}
	if err := agree(ask, p, k.Endpoint); err != nil {
		return err
	}
	if k.Secret, err = ask.key(p.Name + " key (it is not shown): "); err != nil {
		return err
	}
	if err := questionKey(ask, r.settings, p, k.Secret); err != nil {
		return err
	}
	if err := r.questionTwin(ask, p, k); err != nil {
		return err
	}
	return c.write(r, p, k, old)
}

// freeName is the name of a key that was given none.
func freeName(p *config.Provider) string {
	if keyOf(p, "main") == nil {
		return "main"
	}
	for n := 2; ; n++ {
		if name := fmt.Sprintf("key%d", n); keyOf(p, name) == nil {
			return name
		}
	}
}

// endpoint finds out which of its provider's endpoints a key belongs to; "" is
// the first.
func (c *keyAddCmd) endpoint(ask *asker, p *config.Provider, old *config.Key) (string, error) {
	ids := make([]string, len(p.Endpoints))
	for i := range p.Endpoints {
		ids[i] = p.Endpoints[i].ID
		if c.Endpoint != "" && ids[i] == c.Endpoint {
			return c.Endpoint, nil
		}
	}
	switch {
	case c.Endpoint != "" && len(ids) == 1:
		return "", fmt.Errorf("--endpoint %s: %s has one endpoint only", short(c.Endpoint), p.Name)
	case c.Endpoint != "":
		return "", fmt.Errorf("--endpoint %s: %s has %v", short(c.Endpoint), p.Name, ids)
	case len(ids) == 1:
		return "", nil
	case old != nil:
		return old.Endpoint, nil
	}
	return ask.choose(fmt.Sprintf("To which endpoint of %s does the key belong?", p.Name), ids)
}

// agree states the vendor's policy for an endpoint's keys, if it has one, and
// asks.
func agree(ask *asker, p *config.Provider, endpoint string) error {
	policy := p.Endpoint(endpoint).Policy
	if policy == nil {
		return nil
	}
	_, err := fmt.Fprintf(ask.e.stderr, "%s\nSee %s\n", wrap(policy.Text, textWidth), policy.Link)
	if err != nil {
		return err
	}
	err = ask.confirm("Use the key under these terms?", "a key of "+p.Name+"'s "+endpointName(p, endpoint))
	if err != nil && ask.tty == nil && endpoint == "" {
		return hint(err, "say --yes to agree beforehand, or name another endpoint with --endpoint")
	}
	return err
}

func endpointName(p *config.Provider, id string) string {
	if e := p.Endpoint(id); e.ID != "" {
		return e.ID + " endpoint"
	}
	return "endpoint"
}

// questionKey asks about a key that looks like another vendor's.
func questionKey(ask *asker, settings *config.Settings, p *config.Provider, key secret.Value) error {
	vendor, other := settings.OtherVendor(p.ID, key)
	if !other {
		return nil
	}
	return ask.confirm(
		fmt.Sprintf("This looks like a key of %s, not of %s. Add it nevertheless?", vendor, p.Name),
		fmt.Sprintf("the key looks like one of %s, not of %s", vendor, p.Name),
	)
}

// questionTwin asks about a key that stands there under another name already: a
// provider would count both as one, and cool one for what the other has used.
func (r *keyRoom) questionTwin(ask *asker, p *config.Provider, k config.Key) error {
	for i := range p.Keys {
		if p.Keys[i].Name == k.Name {
			continue
		}
		item, err := r.chain.Get(r.e.ctx, p.ID, p.Keys[i].Name)
		if err == nil && item.Secret.Equal(k.Secret) {
			twin := p.ID + "/" + p.Keys[i].Name
			return ask.confirm("This is the key of "+twin+". Add it once more?", "the key is that of "+twin)
		}
	}
	return nil
}

// write puts the key into the keychain, then its name into the settings.
func (c *keyAddCmd) write(r *keyRoom, p *config.Provider, k config.Key, old *config.Key) error {
	item := keychain.Item{Secret: k.Secret, Host: config.Host(p.Endpoint(k.Endpoint).URL)}
	err := r.both(p.ID, k.Name, item, func(d *config.Doc) error {
		if old == nil {
			return d.AddKey(p.ID, k)
		}
		if c.Account != "" {
			if err := d.SetKeyAccount(p.ID, k.Name, c.Account); err != nil {
				return err
			}
		}
		return d.SetKeyEndpoint(p.ID, k.Name, k.Endpoint)
	})
	if err != nil {
		return err
	}
	if old == nil {
		p.Keys = append(p.Keys, k)
		r.say("Added %s/%s. %s", p.ID, k.Name, inventory(p))
	} else {
		r.say("Replaced %s/%s. %s", p.ID, k.Name, inventory(p))
		if err := config.Touch(r.file); err != nil {
			r.note("%v", err) // the poke below does the same
		}
		if old.Disabled {
			r.note("it is switched off; switch it on with: glmtray keys enable %s %s", p.ID, k.Name)
		}
	}
	if len(p.Endpoints) > 1 && k.Endpoint == "" {
		r.note("it is taken for a key of the %s; find out with: glmtray keys test %s %s", endpointName(p, ""), p.ID, k.Name)
	}
	r.noteEnvironment(p)
	r.poke()
	return nil
}

// inventory says which keys a provider has, in the order of their use.
func inventory(p *config.Provider) string {
	switch len(p.Keys) {
	case 0:
		return "No key of " + p.Name + " remains."
	case 1:
		return fmt.Sprintf("%s has one key: %s.", p.Name, keyNames(p))
	}
	return fmt.Sprintf("%s has %d keys, used in this order: %s.", p.Name, len(p.Keys), keyNames(p))
}
