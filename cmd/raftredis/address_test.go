package main

import "testing"

func TestLoopbackIsWhatOnlyThisMachineReaches(t *testing.T) {
	for host, want := range map[string]bool{
		"": false, "0.0.0.0": false, "::": false, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost": true,
		"10.0.0.1": false, "node.example": false,
	} {
		if loopback(host) != want {
			t.Errorf("%q: %v, want %v", host, !want, want)
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
