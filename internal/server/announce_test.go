package server

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/attributes"
)

// announced completes a configuration of these lines, and returns what it announces.
func announced(t *testing.T, lines ...string) (peer string, a attributes.Attributes, err error) {
	t.Helper()
	c := NewConfig()
	for _, line := range append([]string{"bootstrap yes"}, lines...) {
		name, value, _ := strings.Cut(line, " ")
		row := c.row(name)
		apply, refused := row.Value.Parse(value)
		if refused != nil {
			t.Fatal(refused.Of(name))
		}
		apply()
		c.given[row] = true
	}
	if err := c.complete(); err != nil {
		return "", a, err
	}
	a, err = attributes.Decode(c.node.Attributes)
	return c.node.PeerAddress, a, err
}

func TestClientAndPeerAddressesAreAnnouncedApart(t *testing.T) {
	for _, test := range []struct{ lines, client, peer, hostname string }{
		{"", "127.0.0.1:6379", "127.0.0.1:16379", ""},
		{"port 7000", "127.0.0.1:7000", "127.0.0.1:17000", ""},
		{"cluster-announce-ip a.example", "a.example:6379", "a.example:16379", ""},
		{"announce-client out.example:7001", "out.example:7001", "127.0.0.1:16379", ""},
		{"announce-peer in.example:17001", "127.0.0.1:6379", "in.example:17001", ""},
		{"announce-client [2001:db8::1]:1,announce-peer b:2", "[2001:db8::1]:1", "b:2", ""},
		{"announce-client out:7001,cluster-announce-ip in", "out:7001", "in:16379", ""},
		{"cluster-announce-ip 192.0.2.1", "192.0.2.1:6379", "192.0.2.1:16379", ""},
		{"cluster-announce-ip 192.0.2.1,announce-client out:1", "out:1", "192.0.2.1:16379", ""},
		{"cluster-announce-port 7001,cluster-announce-bus-port 17001", "127.0.0.1:7001", "127.0.0.1:17001", ""},
		{"cluster-announce-port 0,cluster-announce-bus-port 0", "127.0.0.1:6379", "127.0.0.1:16379", ""},
		{"cluster-announce-hostname n1.example", "127.0.0.1:6379", "127.0.0.1:16379", "n1.example"},
		{"bind 0.0.0.0", ":6379", ":16379", ""},
		{"bind 0.0.0.0,expect 3,announce-client c:1,announce-peer p:2", "c:1", "p:2", ""},
		{"bind 0.0.0.0,expect 3,cluster-announce-ip 192.0.2.1", "192.0.2.1:6379", "192.0.2.1:16379", ""},
	} {
		peer, a, err := announced(t, lines(test.lines)...)
		if err != nil || peer != test.peer || a.ClientAddress != test.client || a.ClientHostname != test.hostname {
			t.Errorf("%q announces %+v to clients and %s to peers, %v", test.lines, a, peer, err)
		}
	}
}

func TestAnnouncementsThatMeanNothingAreRefused(t *testing.T) {
	for text, words := range map[string]string{
		"announce-client out":                                         "is no address",
		"announce-client 0.0.0.0:1":                                   "none that others could dial",
		"announce-peer in:70000":                                      `"70000" is no port`,
		"announce-client out:1,cluster-announce-port 2":               "leaves nothing for --cluster-announce-port",
		"announce-peer in:1,cluster-announce-bus-port 2":              "leaves nothing for --cluster-announce-bus-port",
		"announce-client a:1,announce-peer b:2,cluster-announce-ip c": "leaves nothing for --announce-host",
		"cluster-announce-hostname a_b":                               "letters, digits, hyphens and dots",
		"bind 0.0.0.0,expect 3":                                       "--announce-host",
		"bind -":                                                      "without an address",
		"bind 127.0.0.1 -":                                            "without an address",
		"bind 0.0.0.0,expect 3,announce-client a:1":                   "--announce-peer",
		"bind 0.0.0.0,expect 3,announce-peer a:1":                     "--announce-client",
	} {
		if _, _, err := announced(t, lines(text)...); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
