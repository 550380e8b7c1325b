package resp

import (
	"strings"
	"testing"
	"time"
)

func TestRatesAreThoseOfTheLastSamples(t *testing.T) {
	_, clients := sharedClients(t, 1)
	f := clients[0].conn.server
	now := time.Unix(1700000000, 0)
	expect := func(want string) {
		t.Helper()
		if got := clients[0].send("INFO stats\r\n"); !strings.Contains(got, "\r\ninstantaneous_ops_per_sec:"+want+"\r\n") {
			t.Fatalf("not %s in %q", want, got)
		}
	}
	expect("0")
	f.rates.Sample(now, f.calls.Traffic())
	expect("0")
	for i := range 100 {
		f.calls.Shard(int64(i)).Commands.Add(50)
		now = now.Add(100 * time.Millisecond)
		f.rates.Sample(now, f.calls.Traffic())
	}
	expect("500")
	clients[0].send("CONFIG RESETSTAT\r\n")
	f.rates.Sample(now.Add(time.Second), f.calls.Traffic())
	expect("0")
	for range 16 {
		now = now.Add(time.Second)
		f.rates.Sample(now, f.calls.Traffic())
	}
	expect("0")
}
