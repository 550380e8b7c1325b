package resp

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
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
	for i := range 2 * quickRounds { // it joins the loop again
		slow.send(bulk("ECHO", fmt.Sprint(i)))
		slow.expect(bulkText(fmt.Sprint(i)))
	}
	if r := s.server.reactor; r != nil && (r.TakenAway() == 0 || s.onLoop() != 3) {
		t.Errorf("the loop was taken away %d times, and %d of 3 clients are on it", r.TakenAway(), s.onLoop())
	}
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
