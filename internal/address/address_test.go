package address

import "testing"

func TestPeerIsThePortAboveUnlessItIsSaid(t *testing.T) {
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
		"127.0.0.1:6379@1@2":   "",
		"127.0.0.1:-1":         "",
		"127.0.0.1:redis":      "",
		"::1:6379":             "",
		"0.0.0.0:6379":         "",
		"[::]:6379":            "",
		"":                     "",
	} {
		got, err := Peer(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestAWildcardIsNoAddressToDial(t *testing.T) {
	for host, want := range map[string]bool{
		"": true, "0.0.0.0": true, "::": true, "0:0::0": true, "127.0.0.1": false, "::1": false, "node.example": false,
	} {
		if Wildcard(host) != want {
			t.Errorf("%q: %v, want %v", host, !want, want)
		}
	}
}

func TestPeerPortEndsAtTheLastPort(t *testing.T) {
	if port, err := PeerPort(MaxPort - PeerPortDistance); port != MaxPort || err != nil {
		t.Errorf("%d, %v", port, err)
	}
	if port, err := PeerPort(MaxPort - PeerPortDistance + 1); err == nil {
		t.Errorf("%d is beyond the last port", port)
	}
}

func TestSplitIsTheInverseOfJoin(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1", "node.example"} {
		if h, p := Split(Join(host, 6379)); h != host || p != 6379 {
			t.Errorf("%s becomes %s and %d", host, h, p)
		}
	}
	for _, text := range []string{"nonsense", "nonsense:x"} {
		if h, p := Split(text); h != "" || p != 0 {
			t.Errorf("%s becomes %q and %d", text, h, p)
		}
	}
}
