package resp

import (
	"math/rand/v2"
	"testing"
)

// Any bytes, cut anywhere, give the same replies and the same entries as when they arrive at once, and nothing panics.
func FuzzConnIsIndependentOfCuts(f *testing.F) {
	f.Add([]byte("SET a 1\r\nGET a\r\nSELECT 0\r\nINCR a\r\nHELLO 3\r\nGET b\r\n"), uint64(1))
	f.Add([]byte("AUTH secret\r\nMSET a 1 b 2\r\nMGET a b c\r\nQUIT\r\nPING\r\n"), uint64(2))
	f.Add([]byte("CLIENT SETNAME x\r\nCLIENT GETNAME\r\nCONFIG GET *\r\nCOMMAND DOCS\r\nROLE\r\n"), uint64(3))
	f.Add([]byte("SET a 1\r\nDBSIZE\r\nREADONLY\r\nGET a\r\nINCR a\r\nREADWRITE\r\nCLUSTER NODES\r\n"), uint64(7))
	f.Add([]byte("READONLY\r\nGET a\r\nSET a 1\r\nCLUSTER GETKEYSINSLOT 1 1\r\nASKING\r\nMGET a b\r\n"), uint64(13))
	f.Add([]byte("SET a 1\r\nMULTI\r\nINCR a\r\nAUTH secret\r\nEXEC\r\nINCR a\r\n"), uint64(9))
	f.Add([]byte("SET a 1\r\nSELECT 3\r\nINCR a\r\nSELECT 0\r\nINCR a\r\n"), uint64(11))
	f.Add([]byte("INCR a\r\nMULTI\r\nRESET\r\nINCR a\r\nPOST / HTTP/1.1\r\nINCR a\r\n"), uint64(5))
	f.Add([]byte(bulk("SET", "a", "1")+bulk("APPEND", "a", "2")+"*1\r\n$x\r\n"), uint64(4))
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		limits := Limits{MaxEntryBytes: 1 << 10, MaxRunCalls: 4}
		play := func(send func(c *client) string) (string, map[string][]byte) {
			store := newFakeStore(t)
			store.info.Leader = 1 + seed>>2%2 // this node, or another
			c := newClient(t, testServer(t, Options{
				Store: store, Limits: limits, Tuning: withPassword(password(seed)), RedirectMoved: seed>>1%2 == 1,
			}))
			return send(c), store.values
		}
		want, wantValues := play(func(c *client) string { return c.send(string(input)) })
		random := rand.New(rand.NewPCG(seed, 0))
		got, gotValues := play(func(c *client) string { return c.sendPieces(random, string(input)) })
		if neutralTimes(got) != neutralTimes(want) {
			t.Fatalf("input %q cuts %d\n got %q\nwant %q", input, seed, got, want)
		}
		if len(gotValues) != len(wantValues) {
			t.Fatalf("input %q cuts %d: %d keys, want %d", input, seed, len(gotValues), len(wantValues))
		}
		for key, value := range wantValues {
			if string(gotValues[key]) != string(value) {
				t.Fatalf("input %q cuts %d: %q is %q, want %q", input, seed, key, gotValues[key], value)
			}
		}
	})
}

// password makes every second conversation one with a stranger.
func password(seed uint64) string {
	if seed%2 == 0 {
		return "secret"
	}
	return ""
}
