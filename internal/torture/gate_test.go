package torture

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// soon is enough for what happens at once, on a machine that does much else. short is long enough to see that something
// does not happen that would at once.
const (
	soon  = 20 * time.Second
	short = 50 * time.Millisecond
)

// passage is a gate with one connection through it: far is the end at the target.
type passage struct {
	gate      *Gate
	listener  net.Listener
	near, far net.Conn
}

func newPassage(t *testing.T) *passage {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	gate, err := NewGate(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gate.Close)
	p := &passage{gate: gate, listener: listener}
	p.near = p.dial(t)
	if p.far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.far.Close() })
	return p
}

func (p *passage) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.gate.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// expectText reads as many bytes as it wants, and fails if they do not come soon.
func expectText(t *testing.T, c net.Conn, want string) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

// expectSilence fails if anything comes, an end included.
func expectSilence(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(short)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d bytes, %v; want silence", n, err)
	}
}

// expectEnd reads until the connection is over.
func expectEnd(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d bytes, %v; want the end", n, err)
	}
}

// expectRefusal dials and fails if the connection stands; the refusal may already be seen while dialling.
func expectRefusal(t *testing.T, g *Gate) {
	t.Helper()
	if conn, err := net.Dial("tcp", g.Address()); err == nil {
		defer conn.Close()
		expectEnd(t, conn)
	}
}

func TestGate_PassesTenMegabytesEachWayUnchanged(t *testing.T) {
	p := newPassage(t)
	text := make([]byte, 10<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(text) // never fails
	sums := make(chan [sha256.Size]byte, 2)
	for _, pair := range [][2]net.Conn{{p.near, p.far}, {p.far, p.near}} {
		go func() { _, _ = io.Copy(pair[0], bytes.NewReader(text)) }()
		go func() {
			sum := sha256.New()
			_, _ = io.CopyN(sum, pair[1], int64(len(text)))
			sums <- [sha256.Size]byte(sum.Sum(nil))
		}()
	}
	for range 2 {
		if got := <-sums; got != sha256.Sum256(text) {
			t.Errorf("what arrived has sum %x, want %x", got, sha256.Sum256(text))
		}
	}
	send(t, p.near, "last words")
	p.near.Close()
	expectText(t, p.far, "last words")
	expectEnd(t, p.far)
}

func TestGate_AHoleKeepsEverythingUntilItOpens(t *testing.T) {
	p := newPassage(t)
	p.gate.Set(Hole, 0)
	send(t, p.near, "there")
	send(t, p.far, "and back")
	expectSilence(t, p.far)
	expectSilence(t, p.near)
	late := p.dial(t) // the kernel accepts it, and nothing more happens
	expectSilence(t, late)
	send(t, late, "late")
	p.near.Close()
	expectSilence(t, p.far)

	p.gate.Set(Open, 0)
	expectText(t, p.far, "there")
	expectEnd(t, p.far)
	far, err := p.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	expectText(t, far, "late")
}

func TestGate_AMuteOnePassesWhatIsAskedAndHoldsTheAnswer(t *testing.T) {
	p := newPassage(t)
	p.gate.Set(Mute, 0)
	send(t, p.near, "asked")
	expectText(t, p.far, "asked")
	send(t, p.far, "answered")
	expectSilence(t, p.near)
	late := p.dial(t)
	send(t, late, "late")
	far, err := p.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	expectText(t, far, "late")

	p.gate.Set(Open, 0)
	expectText(t, p.near, "answered")
	p.gate.Set(Mute, 0)
	send(t, p.far, "never heard")
	expectSilence(t, p.near)
	p.gate.Set(Refuse, 0)
	expectEnd(t, p.near)
}

func TestGate_RefusesOldAndNewConnections(t *testing.T) {
	p := newPassage(t)
	p.gate.Set(Refuse, 0)
	expectEnd(t, p.near)
	expectEnd(t, p.far)
	expectRefusal(t, p.gate)

	p.gate.Set(Open, 0)
	near := p.dial(t)
	far, err := p.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	send(t, near, "again")
	expectText(t, far, "again")
}

func TestGate_ASlowOneDelaysAndLosesNothing(t *testing.T) {
	const delay = 40 * time.Millisecond
	p := newPassage(t)
	p.gate.Set(Slow, delay)
	began := time.Now()
	send(t, p.near, "slow")
	expectText(t, p.far, "slow")
	if took := time.Since(began); took < delay {
		t.Errorf("it took %v, want at least %v", took, delay)
	}
	// What waits for its delay does not slip through a gate that became a hole meanwhile.
	p.gate.Set(Slow, short/2)
	send(t, p.near, "held")
	p.gate.Set(Hole, 0)
	expectSilence(t, p.far)
	p.gate.Set(Open, 0)
	expectText(t, p.far, "held")
}

func TestGate_ClosesWhateverItsStateAndTargetAre(t *testing.T) {
	for _, state := range []State{Open, Slow, Mute, Hole, Refuse} {
		p := newPassage(t)
		p.gate.Set(state, time.Hour)
		_, _ = p.near.Write([]byte("never arrives")) // may be refused
		p.gate.Close()
		expectEnd(t, p.near)
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	gate, err := NewGate(gone.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer gate.Close()
	expectRefusal(t, gate)
}
