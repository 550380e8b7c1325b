package resp

import (
	"strings"
	"testing"
)

func TestLolwutDrawsTheMembersAndNamesTheVersion(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	first := c.send("HELLO 3\r\nLOLWUT VERSION 5\r\n")
	again := c.send("HELLO 3\r\nLOLWUT version 5\r\n")
	if first != again {
		t.Errorf("one version is two pictures:\n%s\n%s", first, again)
	}
	if other := c.send("HELLO 3\r\nLOLWUT VERSION 6\r\n"); other == first {
		t.Error("two versions are one picture")
	}
	last := "\n3 logs, term 3, 42 entries deep.\nRedis ver. 7.2.4\n\r\n"
	if !strings.Contains(first, "txt:") || !strings.HasSuffix(first, last) {
		t.Errorf("got %q", first)
	}
	for _, part := range []string{"(_)____x", "|__\\"} {
		if !strings.Contains(first, part) {
			t.Errorf("%q is not in the picture\n%s", part, first)
		}
	}
	if n := strings.Count(first, "(_)____x"); n != 2 { // the third member is down
		t.Errorf("%d logs are afloat", n)
	}
	if got := c.send("LOLWUT VERSION x\r\n"); got != "-ERR value is not an integer or out of range\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestLolwutDrawsAnyClusterWithinItsFrame(t *testing.T) {
	for n := range 20 {
		knowledge := Info{Nodes: make([]NodeInfo, n), Leader: uint64(n % 2)}
		for seed := range uint64(50) {
			text := raftAtNight(&knowledge, seed)
			for _, row := range strings.Split(text, "\n") {
				if len(row) > pictureColumns {
					t.Fatalf("%d members, version %d: %d columns\n%s", n, seed, len(row), text)
				}
			}
			if sails := strings.Count(text, sail[2]); sails != n%2 {
				t.Fatalf("%d members, version %d: %d sails\n%s", n, seed, sails, text)
			}
		}
	}
}
