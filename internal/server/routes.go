package server

import (
	"context"
	"net"
	"strings"

	"github.com/raftredis/raftredis/internal/exit"
)

// routes replace addresses of peers when this node dials them. They are for tests, which put a proxy between each two
// nodes: a member has one address, but each pair has its own way.
type routes map[string]string

// parseRoutes translates --peer-route.
func parseRoutes(texts []string) (routes, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	r := make(routes, len(texts))
	for _, text := range texts {
		from, to, found := strings.Cut(text, "=")
		for _, address := range []string{from, to} {
			if _, _, err := net.SplitHostPort(address); err != nil || !found {
				return nil, exit.WrongUsage("serve", "--peer-route %q is not HOST:PORT=HOST:PORT", text)
			}
		}
		if _, twice := r[from]; twice {
			return nil, exit.WrongUsage("serve", "--peer-route names %s twice", from)
		}
		r[from] = to
	}
	return r, nil
}

// dialer dials by the routes; nil, which means ordinary TCP, if there are none.
func (r routes) dialer() func(context.Context, string) (net.Conn, error) {
	if r == nil {
		return nil
	}
	return func(ctx context.Context, address string) (net.Conn, error) {
		if to, routed := r[address]; routed {
			address = to
		}
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}
}
