package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/glmtray/glmtray/internal/config"
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
	n := &newKey{provider: c.Provider, key: config.Key{Name: c.Name, Account: c.Account, Endpoint: c.Endpoint}}
	ask := newAsker(e, c.Yes)
	for {
		err := r.add(n)
		var w *wants
		if !errors.As(err, &w) {
			return err
		}
		if err := ask.answer(n, w); err != nil {
			return err
		}
	}
}

// answer asks the person at the terminal for what a new key wants.
func (a *asker) answer(n *newKey, w *wants) (err error) {
	switch w.what {
	case wantsEndpoint:
		n.key.Endpoint, err = a.choose(w.text, w.words)
	case wantsPolicy:
		err = agree(a, w.provider, n.key.Endpoint)
	case wantsKey:
		n.key.Secret, err = a.key(w.text)
	default:
		err = a.confirm(w.text, w.why)
	}
	n.agreed = append(n.agreed, w.what)
	return err
}

// newKey is a key that is to be added, with what a person has said to it.
type newKey struct {
	provider string
	key      config.Key // without a name it gets the next free one
	agreed   []string   // which wants were answered
}

// What a new key may want of a person, in this order.
const (
	wantsReplace  = "replace"  // a yes: a key of that name is there
	wantsEndpoint = "endpoint" // to which endpoint it belongs
	wantsPolicy   = "policy"   // a yes to the vendor's terms
	wantsKey      = "key"      // the key itself
	wantsVendor   = "vendor"   // a yes: it looks like another vendor's
	wantsTwin     = "twin"     // a yes: it is there under another name
)

// wants is what add returns while a person has still to say something.
type wants struct {
	what     string
	text     string           // the question
	why      string           // what is in question
	link     string           // where to read more
	words    []string         // to choose from
	provider *config.Provider // that the key is for
}

func (w *wants) Error() string { return w.why }

// add adds or replaces a key, or returns a *wants. It asks nobody.
func (r *keyRoom) add(n *newKey) error {
	p, old, err := r.check(n)
	if err != nil {
		return err
	}
	return r.write(p, n.key, old)
}

// check is add without writing: the provider, and the key that is replaced.
func (r *keyRoom) check(n *newKey) (p *config.Provider, old *config.Key, err error) {
	if p, err = r.provider(n.provider); err != nil {
		return nil, nil, err
	}
	n.key.Name = cmp.Or(n.key.Name, freeName(p))
	if err := checkName(n.key.Name); err != nil {
		return nil, nil, err
	}
	old = keyOf(p, n.key.Name)
	if err := n.checkEndpoint(p); err != nil {
		return nil, nil, err
	}
	if err := n.beforeKey(p, old); err != nil {
		return nil, nil, err
	}
	return p, old, r.afterKey(n, p)
}

// checkEndpoint looks whether the provider has the endpoint that was named.
func (n *newKey) checkEndpoint(p *config.Provider) error {
	named := n.key.Endpoint
	if named == "" || named == p.Endpoint(named).ID {
		return nil
	}
	if len(p.Endpoints) == 1 {
		return fmt.Errorf("--endpoint %s: %s has one endpoint only", short(named), p.Name)
	}
	return fmt.Errorf("--endpoint %s: %s has %v", short(named), p.Name, endpointIDs(p))
}

// beforeKey is what must be said before the key is asked for.
func (n *newKey) beforeKey(p *config.Provider, old *config.Key) error {
	id := p.ID + "/" + n.key.Name
	if old != nil && !n.has(wantsReplace) {
		return &wants{what: wantsReplace, text: id + " is there already. Replace its key?", why: "replacing " + id, provider: p}
	}
	switch {
	case n.key.Endpoint != "" || len(p.Endpoints) == 1:
	case old != nil:
		n.key.Endpoint = old.Endpoint
	case !n.has(wantsEndpoint):
		return &wants{
			what: wantsEndpoint, text: fmt.Sprintf("To which endpoint of %s does the key belong?", p.Name),
			why: "it is not said to which endpoint the key belongs", words: endpointIDs(p), provider: p,
		}
	}
	if policy := p.Endpoint(n.key.Endpoint).Policy; policy != nil && !n.has(wantsPolicy) {
		return &wants{what: wantsPolicy, text: policy.Text, why: "the terms are not agreed to", link: policy.Link, provider: p}
	}
	if n.key.Secret.Empty() {
		return &wants{what: wantsKey, text: p.Name + " key (it is not shown): ", why: "there is no key", provider: p}
	}
	return nil
}

// afterKey is what must be said once the key is known.
func (r *keyRoom) afterKey(n *newKey, p *config.Provider) error {
	if vendor, other := r.settings.OtherVendor(p.ID, n.key.Secret); other && !n.has(wantsVendor) {
		return &wants{
			what: wantsVendor, text: fmt.Sprintf("This looks like a key of %s, not of %s. Add it nevertheless?", vendor, p.Name),
			why: fmt.Sprintf("the key looks like one of %s, not of %s", vendor, p.Name), provider: p,
		}
	}
	if n.has(wantsTwin) {
		return nil
	}
	if twin := r.twin(p, n.key); twin != "" {
		return &wants{what: wantsTwin, text: "This is the key of " + twin + ". Add it once more?", why: "the key is that of " + twin, provider: p}
	}
	return nil
}

func (n *newKey) has(answer string) bool { return slices.Contains(n.agreed, answer) }

func endpointIDs(p *config.Provider) []string {
	ids := make([]string, len(p.Endpoints))
	for i := range p.Endpoints {
		ids[i] = p.Endpoints[i].ID
	}
	return ids
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

// twin names the key that stands there already: a provider would count both as
// one, and cool one for what the other has used. "" if there is none.
func (r *keyRoom) twin(p *config.Provider, k config.Key) string {
	for i := range p.Keys {
		if p.Keys[i].Name == k.Name {
			continue
		}
		item, err := r.chain.Get(r.e.ctx, p.ID, p.Keys[i].Name)
		if err == nil && item.Secret.Equal(k.Secret) {
			return p.ID + "/" + p.Keys[i].Name
		}
	}
	return ""
}

// write puts the key into the keychain, then its name into the settings.
func (r *keyRoom) write(p *config.Provider, k config.Key, old *config.Key) error {
	err := r.both(p.ID, k.Name, itemOf(p, &k), func(d *config.Doc) error { return nameKey(d, p, k, old) })
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

// itemOf is what the keychain gets of a key: it is bound to the host that it is for.
func itemOf(p *config.Provider, k *config.Key) keychain.Item {
	return keychain.Item{Secret: k.Secret, Host: config.Host(p.Endpoint(k.Endpoint).URL)}
}

// nameKey writes a key's name into the settings, or what has changed of old.
func nameKey(d *config.Doc, p *config.Provider, k config.Key, old *config.Key) error {
	if old == nil {
		return d.AddKey(p.ID, k)
	}
	if k.Account != "" {
		if err := d.SetKeyAccount(p.ID, k.Name, k.Account); err != nil {
			return err
		}
	}
	return d.SetKeyEndpoint(p.ID, k.Name, k.Endpoint)
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
