package main

import (
	"fmt"
	"net/url"
)

type keyParkCmd struct{ keyRef }

// Run parks a key in the running proxy.
func (c *keyParkCmd) Run(e *env) error { return keyVerb(e, c.keyRef, "park", "parked") }

type keyClearCmd struct{ keyRef }

// Run ends a cooldown in the running proxy.
func (c *keyClearCmd) Run(e *env) error { return keyVerb(e, c.keyRef, "clear", "cleared") }

type keyProbeCmd struct{ keyRef }

// Run has the running proxy ask whether a key is good.
func (c *keyProbeCmd) Run(e *env) error {
	return keyVerb(e, c.keyRef, "probe", "answers and is enabled")
}

// keyVerb carries out a verb on one key of the running proxy.
func keyVerb(e *env, key keyRef, verb, done string) error {
	proxy, err := e.proxy()
	if err != nil {
		return err
	}
	if err := proxy.control(e.ctx, keyPath(key.Provider, key.Name, verb), nil, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s/%s %s\n", key.Provider, key.Name, done)
	return err
}

// keyPath is where a verb on a key is asked for.
func keyPath(provider, name, verb string) string {
	return "keys/" + url.PathEscape(provider) + "/" + url.PathEscape(name) + "/" + verb
}

// proxy finds the running proxy of this data folder.
func (e *env) proxy() (*runFile, error) {
	_, dataDir, err := e.places()
	if err != nil {
		return nil, err
	}
	return running(e.ctx, dataDir)
}
