package sessions

import (
	"fmt"
	"testing"
)

// What a command in a session costs beside its execution: its session is looked up, and what it replied is kept.
func BenchmarkOnce(b *testing.B) {
	for _, c := range []struct{ sessions, replyBytes int }{
		{1, 5}, {50, 5}, {100_000, 5}, {50, 4 << 10}, {50, 1 << 20},
	} {
		b.Run(fmt.Sprintf("%d sessions, %d bytes", c.sessions, c.replyBytes), func(b *testing.B) {
			table, reply := New(DefaultLimits()), make([]byte, c.replyBytes)
			for id := range c.sessions {
				table.Open(uint64(id+1), 1, DefaultTTLMillis)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				id, sequence, now := uint64(i*7919%c.sessions+1), uint64(i/c.sessions+1), int64(i/100)
				if o, _ := table.Begin(id, sequence, now); o == First {
					table.Record(id, sequence, now, reply)
				}
			}
		})
	}
}

// A freeze costs the same whatever there is; the changes behind it pay for their copies.
func BenchmarkFreeze(b *testing.B) {
	table := New(DefaultLimits())
	for id := range uint64(100_000) {
		table.Open(id+1, 1, DefaultTTLMillis)
	}
	b.ReportAllocs()
	for b.Loop() {
		table.Freeze()
	}
}
