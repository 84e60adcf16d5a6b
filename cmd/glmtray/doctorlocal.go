package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/glmtray/glmtray/internal/proxy/upstream"
	"github.com/glmtray/glmtray/internal/secret"
	"github.com/glmtray/glmtray/internal/store"
	"github.com/glmtray/glmtray/internal/store/keychain"
)

func sortedList(items []string) string {
	slices.Sort(items)
	return strings.Join(items, ", ")
}

// checkFolder looks at the data folder: it holds what was asked and answered.
func (d *doctor) checkFolder() {
	const name = "data folder"
	dir := d.settings.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ok(name, "%s is made at the first start", dir)
		return
	case err != nil:
		d.fail(name, "", "%v", err)
		return
	case !info.IsDir():
		d.fail(name, "move it away, or give another folder with --data-dir", "%s is not a folder", dir)
		return
	}
	f, err := os.CreateTemp(dir, "doctor-*.tmp")
	if err != nil {
		d.fail(name, "make it yours, or give another folder with --data-dir", "nothing can be written to %s: %v", dir, err)
		return
	}
	_ = errors.Join(f.Close(), os.Remove(f.Name())) // an empty file that stays is no fault of the folder
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		d.warn(name, "chmod 700 "+dir, "others on this machine can look into %s (%s)", dir, info.Mode().Perm())
		return
	}
	d.ok(name, "%s", dir)
}

func (d *doctor) checkDatabase() {
	const name = "database"
	if _, err := os.Stat(d.settings.DataDir); err != nil {
		d.ok(name, "there is none yet")
		d.checkClients(nil)
		return
	}
	s, err := store.Open(d.ctx, d.settings.DataDir, nil)
	if err != nil {
		d.fail(name, "move it away to start afresh; keys and settings do not stand in it", "%v", err)
		return
	}
	for _, text := range s.Notices() {
		d.warn(name, "", "%s", text)
	}
	states, err := s.KeyStates(d.ctx)
	clients, clientsErr := s.AllClients(d.ctx)
	err = errors.Join(err, clientsErr, s.Close())
	if err != nil {
		d.fail(name, "move it away to start afresh; keys and settings do not stand in it", "%v", err)
		return
	}
	d.ok(name, "%s, state of %s", filepath.Base(s.Path()), plural(len(states), "key"))
	d.checkClients(clients)
}

func (d *doctor) checkPort() {
	const name = "port"
	if d.run != nil {
		d.ok(name, "glmtray runs at %s (process %d)", d.run.URL, d.run.PID)
		return
	}
	host, _, err := net.SplitHostPort(d.settings.Addr)
	if err != nil {
		d.fail(name, "it looks like 127.0.0.1:18080", "address %q: %v", d.settings.Addr, err)
		return
	}
	l, err := listen(d.ctx, d.settings.Addr, true, 0)
	switch {
	case err == nil:
		l.close()
		d.ok(name, "%s is free; no proxy runs", net.JoinHostPort(orLoopback(host), portText(d.settings.Addr)))
	case d.settings.AddrGiven:
		d.fail(name, hintOf(err), "%v", err)
	default:
		d.warn(name, "glmtray serve takes the next free port", "%v", err)
	}
}

func portText(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func hintOf(err error) string {
	var h hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// The throwaway item that the keychain is tried with.
const (
	doctorUser = "glmtray-doctor"
	doctorName = "check"
)

// checkKeychain writes, reads and deletes an item. It is a fault only where
// the settings name keys: with keys from the environment none is needed.
func (d *doctor) checkKeychain() {
	const name = "keychain"
	err := d.broken
	if err == nil {
		err = roundTrip(d.ctx, systemKeychain)
	}
	switch {
	case err == nil:
		d.ok(name, "a key can be stored, read and deleted")
	case d.settings.KeysNamed:
		d.fail(name, keychain.Hint(err), "%v", err)
	default:
		d.warn(name, keychain.Hint(err), "%v; keys can come from the environment only", err)
	}
}

func roundTrip(ctx context.Context, chain keychain.Keychain) error {
	item := keychain.Item{Secret: secret.New("a-throwaway-text"), Host: "localhost"}
	if err := chain.Set(ctx, doctorUser, doctorName, item); err != nil {
		return err
	}
	got, err := chain.Get(ctx, doctorUser, doctorName)
	err = errors.Join(err, chain.Delete(ctx, doctorUser, doctorName))
	if err == nil && !got.Secret.Equal(item.Secret) {
		err = errors.New("the keychain gave back something else than was stored")
	}
	return err
}

// checkOutbound says by which way providers are reached.
func (d *doctor) checkOutbound() {
	const name = "outbound proxy"
	if _, err := d.sender(); err != nil {
		d.fail(name, "see proxy and ca_file in the settings", "%v", err)
		return
	}
	way, from := d.settings.Proxy, string(d.settings.Origins["proxy"])
	if way == "" {
		env := httpproxy.FromEnvironment()
		way, from = env.HTTPSProxy, "HTTPS_PROXY"
	}
	text := "none: providers are reached directly"
	if way != "" {
		text = hostOnly(way) + " (from " + from + ")"
	}
	if d.settings.CAFile != "" {
		text += "; certificates also from " + d.settings.CAFile
	}
	d.ok(name, "%s", text)
	if d.inReport("none"); way != "" {
		d.inReport("there is one, from " + from)
	}
}

// hostOnly keeps a proxy's password out of the report.
func hostOnly(way string) string {
	u, err := url.Parse(way)
	if err != nil || u.Host == "" {
		return "an address that is none"
	}
	return u.Scheme + "://" + u.Host
}

func (d *doctor) sender() (*upstream.Sender, error) {
	scrub := new(secret.Scrubber)
	for i := range d.settings.Providers {
		for _, k := range d.settings.Providers[i].Keys {
			scrub.Add(k.Secret)
		}
	}
	return upstream.New(upstream.Options{
		Proxy: d.settings.Proxy, CAFile: d.settings.CAFile, UserAgent: "glmtray/" + version, Scrub: scrub,
	})
}
