//go:build !headless

package main

import (
	"cmp"
	"context"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// displayLimit is how long a display may take to accept.
const displayLimit = 2 * time.Second

// noDisplay says why no window can be opened, "" if one can: a display that is
// named but does not answer would end the program.
func noDisplay(e *env) string {
	x11, wayland := e.variable("DISPLAY"), e.variable("WAYLAND_DISPLAY")
	if x11 == "" && wayland == "" {
		return "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
	}
	if wayland != "" && !filepath.IsAbs(wayland) {
		wayland = filepath.Join(e.variable("XDG_RUNTIME_DIR"), wayland)
	}
	if wayland != "" && answers(e.ctx, "unix", wayland) || x11Answers(e.ctx, x11) {
		return ""
	}
	return "the display " + cmp.Or(x11, wayland) + " does not answer"
}

// x11Answers knocks at a display such as ":0", "unix:0.0" or "host:10.0".
func x11Answers(ctx context.Context, display string) bool {
	host, rest, _ := strings.Cut(display, ":")
	number, err := strconv.Atoi(strings.Split(rest, ".")[0])
	if err != nil {
		return false
	}
	if host != "" && !strings.HasPrefix(host, "unix") {
		return answers(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(6000+number)))
	}
	socket := "/tmp/.X11-unix/X" + strconv.Itoa(number)
	return answers(ctx, "unix", socket) || answers(ctx, "unix", "@"+socket)
}

func answers(ctx context.Context, network, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, displayLimit)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return false
	}
	_ = c.Close() // it was only asked
	return true
}
