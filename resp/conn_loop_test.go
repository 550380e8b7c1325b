package resp

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/ownprocess"
)

// P8: a call of the store that stays holds up the client that wants it, and no other one: the loop goes on without it.
func TestWhatStaysHoldsUpNoOtherClient(t *testing.T) {
	store := newFakeStore(t)
	release := make(chan struct{})
	var once sync.Once
	store.finish = func(r *Request) {
		once.Do(func() { <-release })
		store.done(r)
	}
	s := serve(t, Options{Store: store})
	slow, others := s.dial(), []*peer{s.dial(), s.dial()}
	slow.send("SET a 1\r\nPING\r\n")
	for i := range 20 {
		for _, p := range others {
			p.send("PING\r\n" + bulk("ECHO", fmt.Sprint(i)))
			p.expect("+PONG\r\n" + bulkText(fmt.Sprint(i)))
		}
	}
	close(release)
	slow.expect("+OK\r\n+PONG\r\n")
	r := s.server.reactor
	if r == nil {
		return
	}
	if r.TakenAway() == 0 {
		t.Error("the loop waited")
	}
	eventually(t, "on the loop again, all three", func() bool {
		for _, p := range append(others, slow) {
			p.send("PING\r\n")
			p.expect("+PONG\r\n")
		}
		return s.onLoop() == 3
	})
}

// onLoop is how many clients the loop serves.
func (s *serving) onLoop() (count int) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for l := range s.server.links {
		if l.loop.Load() != nil {
			count++
		}
	}
	return count
}

// G5: clients that send without end, and read all replies, hold up no other one.
func TestEndlessPipelinesHoldUpNoOtherClient(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	const endless = 4
	stop := make(chan struct{})
	var floods sync.WaitGroup
	for range endless {
		p := s.dial()
		floods.Go(func() {
			requests := []byte(strings.Repeat("PING\r\nGET a\r\n", 10_000))
			for {
				select {
				case <-stop:
					_ = p.Close()
					return
				default:
				}
				if _, err := p.Write(requests); err != nil {
					t.Error(err)
					return
				}
			}
		})
		floods.Go(func() {
			buffer := make([]byte, 1<<16)
			for {
				if _, err := p.TCPConn.Read(buffer); err != nil {
					return
				}
			}
		})
	}
	p := s.dial()
	for i := range 100 {
		p.send(bulk("ECHO", fmt.Sprint(i)) + "GET a\r\n")
		p.expect(bulkText(fmt.Sprint(i)) + "$-1\r\n")
	}
	close(stop)
	floods.Wait()
}

// Sockets come and go, so that their numbers are used again at once: what is ready for one is never given to the next.
// Some clients leave by themselves, others are killed by a client that the same loop serves.
func TestASocketThatIsReusedHasItsOwnBytes(t *testing.T) {
	const seed, clients, rounds = 70, 8, 60
	s := serve(t, Options{Store: newFakeStore(t)})
	killer := s.dial()
	var mu sync.Mutex // of killer
	var coming sync.WaitGroup
	for c := range clients {
		coming.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(c)))
			for i := range rounds {
				p := s.dial()
				text := fmt.Sprintf("client %d, round %d", c, i)
				p.send(bulk("ECHO", text))
				p.expect(bulkText(text))
				switch random.IntN(4) {
				case 0:
					_ = p.SetLinger(0)
				case 1:
					p.send(bulk("ECHO", strings.Repeat("x", 1000)))
				case 2:
					_ = p.CloseWrite()
					p.expectEnd()
				case 3:
					mu.Lock()
					killer.send(bulk("CLIENT", "KILL", "ADDR", p.LocalAddr().String()))
					killer.expect(":1\r\n")
					mu.Unlock()
					p.expectEnd()
				}
				_ = p.Close()
			}
		})
	}
	coming.Wait()
	_ = killer.Close()
	eventually(t, "without clients", func() bool { return s.server.Clients() == 0 })
}

// A kill that comes while the link goes from the loop to a goroutine ends the socket that it gets then.
func TestAKillBetweenLoopAndGoroutineIsNotLost(t *testing.T) {
	before, other := net.Pipe()
	defer other.Close()
	l := &link{woken: make(chan struct{}, 1)}
	l.setSocket(before)
	l.kill()
	after, far := net.Pipe()
	defer far.Close()
	l.setSocket(after)
	if _, err := after.Read(make([]byte, 1)); err == nil {
		t.Error("the connection lives")
	}
	if !l.killed.Load() || !l.gone.Load() {
		t.Error("the link does not know that it was killed")
	}
}

// linkOf is the link of the only client.
func (s *serving) linkOf() (l *link) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for l = range s.server.links {
	}
	return l
}

// holdLoop has the loop do nothing else until release is called.
func (s *serving) holdLoop() (release func()) {
	held := holding{begun: make(chan struct{}), end: make(chan struct{})}
	release = sync.OnceFunc(func() { close(held.end) })
	if s.server.reactor != nil {
		s.t.Cleanup(release)
		s.server.reactor.Post(held)
		<-held.begun
	}
	return release
}

// holding is a task that takes until end is closed.
type holding struct{ begun, end chan struct{} }

func (h holding) Do() {
	close(h.begun)
	<-h.end
}

// awaitTaken waits until the loop, if there is one, was taken away.
func (s *serving) awaitTaken() {
	s.t.Helper()
	eventually(s.t, "taken away", func() bool { return s.server.reactor == nil || s.server.reactor.TakenAway() > 0 })
}

// joining dials, and returns the client's link while it is on its way to the loop, which is held.
func (s *serving) joining() (p *peer, l *link, release func()) {
	s.t.Helper()
	release = s.holdLoop()
	p = s.dial()
	eventually(s.t, "accepted", func() bool { l = s.linkOf(); return l != nil })
	eventually(s.t, "on its way", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.away || s.server.reactor == nil
	})
	return p, l, release
}

// A client whose link is on its way to the loop has not hung up, and is killed by what kills it then.
func TestAKillOfALinkThatJoinsTheLoopIsNotLost(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	p, l, release := s.joining()
	if l.hasHungUp() {
		t.Error("a client that is there is taken for gone")
	}
	l.kill()
	release()
	p.expectEnd()
	eventually(t, "without clients", func() bool { return s.server.Clients() == 0 })
}

// A server that stops while a link is on its way to the loop ends it, once.
func TestALinkThatJoinsTheLoopOfAStoppingServerEnds(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	p, _, release := s.joining()
	s.server.stop()
	release()
	p.expectEnd()
	eventually(t, "without clients", func() bool { return s.server.Clients() == 0 })
}

// CLIENT KILL: what a client had sent before it was killed, and the loop had not read, is not begun.
func TestTheLoopBeginsNothingOfAKilledClient(t *testing.T) {
	store := newFakeStore(t)
	s := serve(t, Options{Store: store})
	p, release := s.dial(), func() {}
	eventually(t, "on the loop, if there is one", func() bool {
		release()
		p.send("PING\r\n")
		p.expect("+PONG\r\n")
		release = s.holdLoop()
		return s.onLoop() == 1 || s.server.reactor == nil
	})
	if s.server.reactor == nil {
		return // a goroutine reads at once: nothing is left in its socket
	}
	p.send("SET a 1\r\n")
	s.linkOf().kill()
	release()
	p.expectEnd()
	eventually(t, "without clients", func() bool { return s.server.Clients() == 0 })
	if store.mu.Lock(); len(store.bodies) != 0 {
		t.Errorf("the store has executed %d runs", len(store.bodies))
	}
	store.mu.Unlock()
}

// A run that is answered long after it came puts off timeout: the client has had no time to say anything.
func TestTimeoutBeginsBehindALateReply(t *testing.T) {
	store := newFakeStore(t)
	store.finish = store.park
	s := serve(t, Options{Store: store})
	p := s.dial()
	p.send("SET a 1\r\n")
	eventually(t, "submitted", func() bool { return store.pendingCount() == 1 })
	session := s.linkOf().conn.session
	sent := session.active.Load()
	eventually(t, "late", func() bool { return int64(s.server.recently()) > sent })
	late := int64(s.server.recently())
	store.done(store.next())
	p.expect("+OK\r\n")
	if got := session.active.Load(); got < late {
		t.Errorf("the reply came %v behind the last thing that counts for timeout", time.Duration(late-got))
	}
}

// G7: a link whose run is with the store leaves the loop although the process has no descriptor left.
func TestALinkLeavesTheLoopWithoutDescriptors(t *testing.T) {
	if !ownprocess.Is(t) {
		return
	}
	store, hold := newFakeStore(t), make(chan struct{})
	store.finish = func(r *Request) { store.park(r); <-hold }
	s := serve(t, Options{Store: store})
	p := s.dial()
	p.send("SET a 1\r\n")
	eventually(t, "submitted", func() bool { return store.pendingCount() == 1 })
	release := ownprocess.ExhaustDescriptors(t)
	s.awaitTaken()
	close(hold)
	eventually(t, "off the loop", func() bool { return s.onLoop() == 0 })
	store.done(store.next())
	p.expect("+OK\r\n")
	if n := s.server.metrics.Parked.Value(); n != 0 {
		t.Errorf("%d clients are counted as waiting", n)
	}
	release()
	p.send("PING\r\n")
	p.expect("+PONG\r\n")
}

// P8: while all links are looked at, the end of one holds up no other client.
func TestTheEndOfAClientHoldsUpNoOtherOne(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	one, other := s.dial(), s.dial()
	for _, p := range []*peer{one, other} {
		p.send("PING\r\n")
		p.expect("+PONG\r\n")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	_ = one.CloseWrite()
	one.expectEnd()
	other.send("PING\r\n")
	other.expect("+PONG\r\n")
}

// P8: a client takes a part of its replies, and loses the mail that is too much before its goroutine goes on: it gets
// the rest, then its end.
func TestMailThatIsLostBehindAPartOfAReplyEndsTheClient(t *testing.T) {
	const size, taken = 100, 10
	s := serve(t, Options{Store: newFakeStore(t)})
	p := s.dial()
	off := false
	eventually(t, "on the loop, if there is one", func() bool {
		p.send("PING\r\n")
		p.expect("+PONG\r\n")
		if s.server.reactor == nil {
			return true
		}
		s.server.reactor.Do(func() {
			l := s.linkOf()
			below := l.loop.Load()
			if below == nil || below.stepping {
				return
			}
			l.conn.out = append(l.conn.out, make([]byte, size)...)
			l.written = taken // as a step does when the socket has no more room
			l.forgetLoop(below)
			l.conn.session.lose()
			l.server.start(func() { l.continueAlone(below.socket, leavesLoop) })
			off = true
		})
		return off
	})
	if off {
		p.expect(strings.Repeat("\x00", size-taken))
		p.expectEnd()
	}
}
