package server

import (
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/attributes"
)

// announcements are what a node tells others of its addresses. A node listens on --bind; where a router, a container or
// a load balancer stands before it, others reach it at an address of their own: clients at one, nodes at another.
type announcements struct {
	// host stands for both, client and peer are whole addresses. What is empty follows from --bind and the ports.
	host, client, peer string
	// port and busPort replace the ports of the two; hostname is told to clients beside the address.
	port, busPort int
	hostname      string
}

// announce derives the addresses that this node tells others.
func (c *Config) announce() error {
	client, err := c.announcedClient()
	if err != nil {
		return err
	}
	if c.node.PeerAddress, err = c.announcedPeer(); err != nil {
		return err
	}
	c.node.Attributes = attributes.Attributes{ClientAddress: client, ClientHostname: c.announced.hostname}.Encode()
	return nil
}

// announcedClient is where clients reach this node. The host is empty for a cluster of one that listens on wildcards
// only: clients then stay with the address that they know, as with Redis, and no node can be added before there is a
// name.
func (c *Config) announcedClient() (string, error) {
	if c.announced.client != "" {
		return wholeAddress("--announce-client", c.announced.client)
	}
	return address.Join(c.announcedHost(), orElse(c.announced.port, c.port)), nil
}

// announcedPeer is where other nodes reach this node.
func (c *Config) announcedPeer() (string, error) {
	if c.announced.peer != "" {
		return wholeAddress("--announce-peer", c.announced.peer)
	}
	return address.Join(c.announcedHost(), orElse(c.announced.busPort, c.peerPort)), nil
}

// wholeAddress checks an address that was given as a whole.
func wholeAddress(flag, text string) (string, error) {
	host, port, err := address.Parse(text)
	if err != nil {
		return "", wrong("%s %v", flag, err)
	}
	return address.Join(host, port), nil
}

// announcedHost is the host of both addresses, as far as they are not given as a whole.
func (c *Config) announcedHost() string {
	if c.announced.host != "" {
		return c.announced.host
	}
	return callable(places(c.bind))
}

// unreachable reports whether there is no address that others could dial: the node listens on all addresses of its
// machine, and was not told by which one others reach it.
func (c *Config) unreachable() bool {
	a := &c.announced
	return c.announcedHost() == "" && (a.client == "" || a.peer == "")
}

// checkAnnouncements refuses settings of which one would have no effect, and what is no host name.
func (c *Config) checkAnnouncements() error {
	a := &c.announced
	for _, pair := range []struct {
		both          bool
		first, second string
	}{
		{a.client != "" && a.port != 0, "--announce-client", "--cluster-announce-port"},
		{a.peer != "" && a.busPort != 0, "--announce-peer", "--cluster-announce-bus-port"},
		{a.client != "" && a.peer != "" && a.host != "", "--announce-client and --announce-peer", "--announce-host"},
	} {
		if pair.both {
			return wrong("%s leaves nothing for %s to say; give one of them", pair.first, pair.second)
		}
	}
	if a.hostname != "" && !address.ValidHostname(a.hostname) {
		return wrong("--cluster-announce-hostname %q: a host name has letters, digits, hyphens and dots, and at most %d "+
			"bytes", a.hostname, address.MaxHostnameBytes)
	}
	return nil
}

// orElse is a port, or the one that counts where none was given.
func orElse(given, otherwise int) int {
	if given != 0 {
		return given
	}
	return otherwise
}
