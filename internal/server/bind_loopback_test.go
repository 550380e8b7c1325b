package server

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
