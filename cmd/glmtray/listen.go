package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// portTries is how many ports after the default one are tried.
const portTries = 50

// listening is the proxy's listeners: 127.0.0.1 and [::1] on one port, or the
// one address that was given.
type listening struct {
	listeners []net.Listener
	host      string
	port      int
	moved     string // why it is not the default port, for people
}

func (l *listening) url() string { return "http://" + net.JoinHostPort(l.host, strconv.Itoa(l.port)) }

// local is where programs of this machine reach it: some systems do not connect to
// an address that stands for all.
func (l *listening) local() string { return clientURL(l.url()) }

func (l *listening) close() {
	for _, x := range l.listeners {
		_ = x.Close() // nothing was served on it
	}
}

// listen opens the address of the settings. A port that was given is kept or
// refused; the default one moves to the next free port, remembered is where it
// moved to the last time (0: nowhere).
func listen(ctx context.Context, addr string, given bool, remembered int) (*listening, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, hint(fmt.Errorf("address %q: %w", addr, err), "it looks like 127.0.0.1:18080")
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("address %q: the port is a number up to 65535", addr)
	}
	if given || port == 0 {
		return listenGiven(ctx, host, port)
	}
	if remembered > 0 && remembered != port {
		if l, err := listenOn(ctx, host, remembered); err == nil {
			l.moved = fmt.Sprintf("port %d was taken before, so port %d is kept", port, remembered)
			return l, nil
		}
	}
	return listenNear(ctx, host, port)
}

// listenNear opens the port or the next one that is free.
func listenNear(ctx context.Context, host string, port int) (*listening, error) {
	for p := port; p < min(port+portTries, 65536); p++ {
		l, err := listenOn(ctx, host, p)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err == nil && p != port {
			l.moved = fmt.Sprintf("port %d is taken by %s; port %d is used from now on", port, holderOf(ctx, host, port), p)
		}
		return l, err
	}
	return nil, hint(fmt.Errorf("ports %d to %d are all taken", port, port+portTries-1), "give one with --addr")
}

func listenGiven(ctx context.Context, host string, port int) (*listening, error) {
	l, err := listenOn(ctx, host, port)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hint(
			fmt.Errorf("%s is taken by %s", net.JoinHostPort(orLoopback(host), strconv.Itoa(port)), holderOf(ctx, host, port)),
			"end that program, or give another port with --addr",
		)
	}
	return l, err
}

func orLoopback(host string) string {
	if host == "" || host == "localhost" {
		return "127.0.0.1"
	}
	return host
}

// listenOn opens one port. On loopback both families are opened, since
// "localhost" means [::1] to some clients and 127.0.0.1 to others; a machine
// without IPv6 has the one only.
func listenOn(ctx context.Context, host string, port int) (*listening, error) {
	host = orLoopback(host)
	if host != "127.0.0.1" {
		first, err := open(ctx, host, port)
		if err != nil {
			return nil, err
		}
		return &listening{[]net.Listener{first}, host, portOf(first), ""}, nil
	}
	const tries = 20 // for port 0: the second family may find the picked port taken
	var err error
	for range tries {
		var first, second net.Listener
		if first, err = open(ctx, host, port); err != nil {
			return nil, err
		}
		l := &listening{[]net.Listener{first}, host, portOf(first), ""}
		second, err = open(ctx, "::1", l.port)
		if err == nil {
			l.listeners = append(l.listeners, second)
			return l, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return l, nil // no IPv6 here
		}
		l.close()
		if port != 0 {
			return nil, err
		}
	}
	return nil, err
}

func open(ctx context.Context, host string, port int) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	return l, nil
}

func portOf(l net.Listener) int {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// holderOf names the program that has a port, as well as it can be known.
func holderOf(ctx context.Context, host string, port int) string {
	url := "http://" + net.JoinHostPort(orLoopback(host), strconv.Itoa(port))
	if isGlmtray(ctx, url) {
		return "another glmtray (" + url + ")"
	}
	if name := portHolder(port); name != "" {
		return name
	}
	return "another program"
}
