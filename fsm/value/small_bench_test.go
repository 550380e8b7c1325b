package value

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// BenchmarkSmall is what small hashes and sets cost, by their number of elements: those of 16 bytes, with values of 16.
func BenchmarkSmall(b *testing.B) {
	state := digest.NewSip(1, 2)
	for _, size := range []int{1, 10, 30, 128, 512} {
		hash, set := (*Hash)(nil).Edit(state, 1), (*Set)(nil).Edit(state, 1)
		var buf [16]byte
		for i := range size {
			hash.Set(benchElement(buf[:], i), benchElement(buf[:], i))
			set.Add(benchElement(buf[:], i))
		}
		h, s := hash.Hash(), set.Set()
		n := 0
		run := func(name string, op func()) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					n++
					op()
				}
			})
		}
		run("HGET", func() { h.Get(benchElement(buf[:], n*7%size)) })
		run("HGET-missing", func() { h.Get(benchElement(buf[:], size+n%size)) })
		run("SISMEMBER", func() { s.Has(benchElement(buf[:], n*7%size)) })
		run("HSET", func() {
			e := h.Edit(state, 1)
			e.Set(benchElement(buf[:], n*7%size), benchElement(nil, n))
			h = e.Hash()
		})
		run("HSET-HDEL", func() {
			e := h.Edit(state, 1)
			e.Set(benchElement(buf[:], size+n), benchElement(nil, n))
			h = e.Hash()
			e = h.Edit(state, 1)
			e.Remove(benchElement(buf[:], size+n))
			h = e.Hash()
		})
		run("SADD-SREM", func() {
			e := s.Edit(state, 1)
			e.Add(benchElement(buf[:], size+n))
			s = e.Set()
			e = s.Edit(state, 1)
			e.Remove(benchElement(buf[:], size+n))
			s = e.Set()
		})
		run("HGETALL", func() { h.Each(func(field, v Item) bool { return field.Len()+v.Len() > 0 }) })
	}
}
