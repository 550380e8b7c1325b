package main

import "testing"

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
