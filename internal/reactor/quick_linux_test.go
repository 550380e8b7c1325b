package reactor

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// posting posts a task in each turn, and looks when all of a round is done whether the loop would wait next.
type posting struct {
	r                  *Reactor
	posted, did, calms int
	each               chan struct{}
}

func (p *posting) Turn() {
	p.posted++
	p.r.Post(function(func() { p.did++ }))
}

func (p *posting) Awaits() bool { return false }

func (p *posting) Settle() time.Duration {
	if p.did == p.posted && !p.r.pending.Load() && p.r.tasked.Load() == 0 {
		p.calms++
	}
	select {
	case p.each <- struct{}{}:
	default:
	}
	return time.Hour
}

// Tasks that a turn posts are done behind it, and bring no further turn: the loop waits then. A turn that the guard
// finds overdue, where the system stops the thread for long, brings another one in any case.
func TestTasksOfATurnBringNoTurn(t *testing.T) {
	r := started(t)
	p := &posting{r: r, each: make(chan struct{}, 1)}
	r.Attach(p)
	await(t, "turn", p.each)
	for range 100 {
		r.Wake()
		await(t, "turn by a wake", p.each)
	}
	if r.Detach(); p.calms == 0 {
		t.Errorf("behind none of %d turns the loop waits", p.posted)
	}
}

// What a socket takes and gives in one call, of which Go's scheduler is told or not, and in one piece or several.
func TestBytesOfAnyLengthPass(t *testing.T) {
	socket, other := pair(t)
	defer Close(socket)
	for _, length := range []int{1, quickBytes - 1, quickBytes, quickBytes + 1, 4 * quickBytes} {
		sent := make([]byte, length)
		for i := range sent {
			sent[i] = byte(i ^ i>>8 ^ length)
		}
		pieces := map[string][][]byte{"bytes": nil, "a piece": {sent}, "pieces": {sent[:length/2], sent[length/2:]}}
		for what, left := range pieces {
			came := make(chan []byte, 1)
			go func() {
				b := make([]byte, length)
				_, _ = io.ReadFull(other, b)
				came <- b
			}()
			written, err := 0, ErrNothing
			for ; err == ErrNothing; runtime.Gosched() {
				if left == nil {
					var n int
					n, err = Write(socket, sent[written:])
					written += n
				} else {
					err = WriteAll(socket, &left)
				}
			}
			if got := <-came; err != nil || len(left) != 0 || !bytes.Equal(got, sent) {
				t.Fatalf("%s, %d in all, are written with %v, %d pieces are left", what, length, err, len(left))
			}
		}
		go func() { _, _ = other.Write(sent) }()
		var got []byte
		for buffer := make([]byte, length); len(got) < length; runtime.Gosched() {
			n, err := Read(socket, buffer[:length-len(got)])
			if got = append(got, buffer[:n]...); err != nil && err != ErrNothing {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("others come than the %d bytes that were sent", length)
		}
	}
	if n, err := Read(socket, make([]byte, 10)); n != 0 || err != ErrNothing {
		t.Errorf("nothing is there, and Read says %d, %v", n, err)
	}
	other.Close()
	broken := false
	for deadline := time.Now().Add(soon); !broken && time.Now().Before(deadline); runtime.Gosched() {
		_, err := Write(socket, []byte("x"))
		broken = errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
	}
	if !broken {
		t.Error("a socket whose other side has gone takes all bytes")
	}
}
