package transport

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestBytesAreSpreadOverTime(t *testing.T) {
	p := pace{bytesPerSecond: 1000}
	now := time.Unix(50, 0)
	for i, c := range []struct {
		after time.Duration
		bytes int
		want  time.Duration
	}{
		{0, 500, 0},                      // no reader before it
		{0, 250, 500 * time.Millisecond}, // the second one waits for the first
		{250 * time.Millisecond, 1000, 500 * time.Millisecond},
		{1500 * time.Millisecond, 100, 0}, // everything has been sent
		{10 * time.Second, 2000, 0},       // idleness saves nothing up
		{0, 1, 2 * time.Second},
	} {
		now = now.Add(c.after)
		if got := p.book(c.bytes, now); got != c.want {
			t.Fatalf("step %d waits %v, not %v", i, got, c.want)
		}
	}
}

func TestAFileTakesAsLongAsItsRateSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, s := newMemory(), newShelf(20*MaxChunkBytes, MaxChunkBytes)
		a := start(t, 1, func(_ *node, o *Options) { o.Dial, o.Listener = network.dial, newMemory() })
		b := start(t, 2, lending(s), func(_ *node, o *Options) {
			o.Listener, o.BulkBytesPerSecond = network, MaxChunkBytes
		})
		began := time.Now()
		if err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Fatalf("20 chunks at one a second took %v", took)
		}
	})
}

// G13.
func TestAReceiverThatTakesNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, s := newMemory(), newShelf(20*MaxChunkBytes, MaxChunkBytes)
		a := start(t, 1, func(_ *node, o *Options) { o.Dial, o.Listener = network.dial, newMemory() })
		b := start(t, 2, lending(s), func(_ *node, o *Options) { o.Listener = network })
		began := time.Now()
		err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, func(int64, []byte) error {
			s.awaitClosed(t, b, 1)
			return nil
		})
		if err == nil {
			t.Fatal("a file that was not sent is called complete")
		}
		if took := time.Since(began); took < DefaultWriteTimeout || took > 2*DefaultWriteTimeout+time.Second {
			t.Fatalf("given up after %v", took)
		}
	})
}

// G13.
func TestASenderThatIsSilentIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, s := newMemory(), newShelf(10, 10)
		begun, goOn := waiting(s)
		a := start(t, 1, func(_ *node, o *Options) { o.Dial, o.Listener = network.dial, newMemory() })
		b := start(t, 2, lending(s), func(_ *node, o *Options) { o.Listener = network })
		began := time.Now()
		err := a.transport.Fetch(t.Context(), b.peer(), s.mark, 0, new(basket).take)
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != DefaultReadTimeout {
			t.Fatalf("after %v: %v", time.Since(began), err)
		}
		<-begun
		close(goOn)
	})
}
