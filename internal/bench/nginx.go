package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// nginxConf is nginx as a plain reverse proxy, tuned as one does for streams. One
// process, so that its processor time is that of one process.
const nginxConf = `daemon off; master_process off; pid nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; client_max_body_size 0; client_body_buffer_size 2m;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  keepalive_requests 1000000000;
  upstream provider { server %s; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen %s;
    location / {
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`

// errNoNginx: the machine has none, and the column stays empty.
var errNoNginx = errors.New("nginx is not installed")

// startNginx starts nginx in front of the provider.
func startNginx(ctx context.Context, provider, dir string) (*process, error) {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		if bin, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			return nil, errNoNginx
		}
	}
	target, err := url.Parse(provider)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "nginx")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, target.Host, addr), 0o600); err != nil {
		return nil, err
	}
	p, err := launch(ctx, nil, bin, "-p", dir, "-c", conf)
	if err != nil {
		return nil, err
	}
	p.url = "http://" + addr
	return p, p.answers(ctx)
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// answers waits until somebody listens at the process' address.
func (p *process) answers(ctx context.Context) error {
	target, err := url.Parse(p.url)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", target.Host)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen: %w", p.url, err)
		case <-time.After(time.Millisecond):
		}
	}
}
