package server

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// hosts resolves names of peers by a file that has the form of /etc/hosts, read anew at each lookup. It is for tests,
// which rename machines.
type hosts string

// lookup is the resolver of a node; nil, which means the system's, if no file was given.
func (h hosts) lookup() func(context.Context, string) ([]netip.Addr, error) {
	if h == "" {
		return nil
	}
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		text, err := os.ReadFile(string(h))
		if err != nil {
			return nil, err
		}
		return h.find(string(text), host)
	}
}

func (h hosts) find(text, host string) (found []netip.Addr, err error) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 || !slices.Contains(words[1:], host) {
			continue
		}
		address, err := netip.ParseAddr(words[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", string(h), err)
		}
		found = append(found, address)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no address of %s", string(h), host)
	}
	return found, nil
}
