package access

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// By recency a mark tells for how long a key was not used, until the seconds wrap after 194 days.
func TestIdleSecondsAreThoseSinceTheLastUse(t *testing.T) {
	const wrap = 1 << markBits
	for _, used := range []int64{0, 1, 65_535, 65_536, wrap - 1, wrap, 1_800_000_000} {
		for _, idle := range []int64{0, 1, 2, 65_535, 65_536, 65_537, wrap - 1} {
			m := Use{Seconds: used}.After(0, 0)
			if got := (Use{Seconds: used + idle}).IdleSeconds(MarkOf(m.Low(), m.High())); got != idle {
				t.Errorf("used at %d, after %d seconds: %d", used, idle, got)
			}
		}
		if got := (Use{Seconds: used}).IdleSeconds(Use{Seconds: used}.Idle(1000)); got != 1000 {
			t.Errorf("at %d a key that was idle for 1000 seconds is for %d", used, got)
		}
	}
	if got := (Use{Seconds: 7}).IdleSeconds(0); got != 7 {
		t.Errorf("a key that was never used is idle for %d", got)
	}
	if m := (Use{Seconds: 9, Unnoted: true}).After(5, 0); m != 5 {
		t.Errorf("a use that leaves no mark left %d", m)
	}
}

// By frequency a counter falls by one a minute, and rises the less often the higher it is: as in Redis, 10 at about a
// hundred uses, 18 at a thousand.
func TestCountersAreLogarithmic(t *testing.T) {
	at := func(minutes int64) Use { return Use{Seconds: minutes * secondsPerMinute, ByFrequency: true} }
	for _, c := range []struct{ count, minutes, want int64 }{
		{0, 0, 0}, {5, 0, 5}, {255, 0, 255}, {100, 1, 99}, {100, 99, 1}, {100, 100, 0}, {100, 101, 0}, {3, 60_000, 0},
	} {
		for _, begin := range []int64{0, 17, 65_535, 65_536, 40_000_000} {
			if got := at(begin + c.minutes).Count(at(begin).Counted(c.count)); got != c.want {
				t.Errorf("%d, %d minutes after %d: %d, want %d", c.count, c.minutes, begin, got, c.want)
			}
		}
	}
	if got := at(0).Count(0); got != firstCount || at(70).Count(at(70).First()) != firstCount {
		t.Errorf("a key begins with %d", got)
	}
	r := rand.New(rand.NewPCG(7, 8))
	for uses, want := range map[int][2]int64{100: {8, 13}, 1000: {15, 22}, 100_000: {120, 170}} {
		sum := int64(0)
		for range 10 {
			m := at(3).First()
			for range uses {
				m = at(3).After(m, r.Uint64())
			}
			sum += at(3).Count(m)
		}
		if mean := sum / 10; mean < want[0] || mean > want[1] {
			t.Errorf("%d uses count as %d, want %v", uses, mean, want)
		}
	}
	if m := at(3).Counted(maxCount); at(3).After(m, 0) != m {
		t.Error("the highest counter has risen")
	}
}

// Bytes and words are written beside each other, and nothing else of them changes.
func TestReadersWriteBesideEachOther(t *testing.T) {
	var b Bytes
	word := uint64(0xffff_1234_5678_9abc)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for to := range 100 {
				b.Set(i, uint8(to+i))
				SetTop(&word, uint16(to))
			}
		})
	}
	group.Wait()
	for i := range 64 {
		if b.At(i) != uint8(99+i) {
			t.Errorf("byte %d is %d", i, b.At(i))
		}
	}
	if Load(&word) != 99<<48|0x1234_5678_9abc {
		t.Errorf("the word is %x", word)
	}
}
