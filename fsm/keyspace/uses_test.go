package keyspace

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/internal/access"
)

// Marks stay with their keys, however leaves grow, are divided, merged and copied behind freezes; and neither the image
// nor the state hash has anything of them.
func TestMarksStayWithTheirKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	s, plain := New(5, 1<<20), New(5, 1<<20)
	want := map[string]int64{}
	random := func() []byte { return fmt.Appendf(nil, "{tag}%d", r.IntN(700)) }
	for step := int64(1); step <= 30_000; step++ {
		s.Advance(uint64(step), step*70_000) // so the upper parts change as well
		plain.Advance(uint64(step), step*70_000)
		space, other, key := s.Open(0), plain.Open(0), random()
		use := space.PresentUse()
		switch n := r.IntN(10); {
		case n < 3+4*int(step/5000%2): // phases of growth, and of decay
			space.Set(key, []byte("v"))
			other.Set(key, []byte("v"))
			want[string(key)] = use.Seconds
		case n < 8:
			space.Remove(key)
			other.Remove(key)
			delete(want, string(key))
		case n < 9:
			if space.Use(key, use, 0) != nil {
				want[string(key)] = use.Seconds
			}
			use.Unnoted = true
			space.Use(random(), use, 0)
		default:
			frozen, other := s.Freeze(), plain.Freeze()
			frozen.Release()
			other.Release()
		}
		if step%500 != 0 {
			continue
		}
		for key, used := range want {
			mark, ok := space.Mark([]byte(key))
			if got := use.IdleSeconds(mark); !ok || got != use.Seconds-used {
				t.Fatalf("step %d: %s is idle for %d seconds, want %d", step, key, got, use.Seconds-used)
			}
		}
		if s.StateHash() != plain.StateHash() {
			t.Fatalf("step %d: the state hash knows of uses", step)
		}
	}
	if len(want) < 50 || space(&s).Size() != len(want) {
		t.Errorf("%d keys are left of %d", space(&s).Size(), len(want))
	}
}

func space(s *State) *Space { return s.Space(0) }

// A write of a client that leaves no trace leaves the mark of a key that is there, and a new key begins with its own.
func TestAWriteWithoutATraceKeepsTheMark(t *testing.T) {
	s := New(5, 1<<20)
	s.Advance(1, 10_000)
	s.Open(0).Set([]byte("a"), nil)
	s.Advance(2, 90_000)
	s.use.Unnoted = true
	s.Open(0).Set([]byte("a"), nil)
	s.Open(0).Set([]byte("b"), nil)
	for key, want := range map[string]access.Mark{"a": 10, "b": 90} {
		if mark, ok := s.Space(0).Mark([]byte(key)); !ok || mark != want {
			t.Errorf("%s has %d, want %d", key, mark, want)
		}
	}
	s.Open(0).SetMark([]byte("a"), 1<<24-1)
	if mark, _ := s.Space(0).Mark([]byte("a")); mark != 1<<24-1 || s.Space(0).Version(s.Space(0).Get([]byte("a"))) != 2 {
		t.Errorf("the mark is %x, the version %d", mark, s.Space(0).Version(s.Space(0).Get([]byte("a"))))
	}
}
