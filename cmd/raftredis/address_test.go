package main

import "testing"

func TestJoinAddress(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:6379":       "127.0.0.1:16379",
		"localhost:55535":      "localhost:65535",
		"[::1]:6379":           "[::1]:16379",
		"10.0.0.1:60000@7000":  "10.0.0.1:7000",
		"node.example:1@65535": "node.example:65535",
		"127.0.0.1":            "",
		":6379":                "",
		"127.0.0.1:":           "",
		"127.0.0.1:0":          "",
		"127.0.0.1:55536":      "",
		"127.0.0.1:6379@":      "",
		"127.0.0.1:6379@65536": "",
		"127.0.0.1:-1":         "",
		"":                     "",
	} {
		got, err := joinAddress(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestHostsThatCannotBeDialled(t *testing.T) {
	for host, want := range map[string]struct{ wildcard, loopback bool }{
		"": {true, false}, "0.0.0.0": {true, false}, "::": {true, false}, "127.0.0.1": {false, true},
		"127.9.9.9": {false, true}, "::1": {false, true}, "localhost": {false, true}, "10.0.0.1": {false, false},
		"node.example": {false, false},
	} {
		if wildcard(host) != want.wildcard || loopback(host) != want.loopback {
			t.Errorf("%q: wildcard %v, loopback %v", host, wildcard(host), loopback(host))
		}
	}
}

func TestSplitAddressIsTheInverseOfJoin(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1", "node.example"} {
		if h, p := splitAddress(joinHostPort(host, 6379)); h != host || p != 6379 {
			t.Errorf("%s becomes %s and %d", host, h, p)
		}
	}
	if h, p := splitAddress("nonsense"); h != "" || p != 0 {
		t.Errorf("nonsense becomes %q and %d", h, p)
	}
}

func TestEditDistance(t *testing.T) {
	for words, want := range map[[2]string]int{
		{"", ""}: 0, {"serve", "serve"}: 0, {"serv", "serve"}: 1, {"sevre", "serve"}: 2, {"", "abc"}: 3,
		{"kitten", "sitting"}: 3,
	} {
		if got := editDistance(words[0], words[1]); got != want {
			t.Errorf("%q and %q are %d apart, want %d", words[0], words[1], got, want)
		}
	}
}
