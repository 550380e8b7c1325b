package resp

import (
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// G14: clients come, send pipelines, and leave at any moment: politely, in the middle of a request, without reading, or
// by a reset. The store answers late, from other goroutines, with every outcome. Every request ends exactly once (a
// second completion panics), and nothing remains: neither connections, nor goroutines, nor budget.
func TestNothingRemainsOfClientsThatLeaveAtAnyMoment(t *testing.T) {
	const seed, clients, rounds = 14, 24, 25
	store := newFakeStore(t)
	var answering sync.WaitGroup
	var submitted, completed, number atomic.Int64
	store.finish = func(r *Request) {
		submitted.Add(1)
		random := rand.New(rand.NewPCG(seed, uint64(number.Add(1))))
		outcome, late := Outcome(random.IntN(int(outcomes))), time.Duration(random.IntN(400))*time.Microsecond
		answering.Add(1)
		time.AfterFunc(late, func() {
			defer answering.Done()
			completed.Add(1)
			if outcome == Done {
				store.done(r)
			} else {
				r.Complete(outcome)
			}
		})
	}
	s := serve(t, Options{Store: store, Limits: Limits{MaxRunCalls: 3, MaxEntryBytes: 64 << 10}})
	var leaving sync.WaitGroup
	for i := range clients {
		leaving.Add(1)
		go func() {
			defer leaving.Done()
			random := rand.New(rand.NewPCG(seed, uint64(1_000_000+i)))
			for range rounds {
				comeAndLeave(s, random)
			}
		}()
	}
	leaving.Wait()
	eventually(t, "without clients", func() bool { return s.server.Clients() == 0 })
	answering.Wait()
	if submitted.Load() == 0 || submitted.Load() != completed.Load() {
		t.Fatalf("seed %d: %d requests submitted, %d completed", seed, submitted.Load(), completed.Load())
	}
	server := s.server
	if held, parked := server.input.Used(), server.metrics.Parked.Value(); held != 0 || parked != 0 {
		t.Fatalf("seed %d: %d bytes held, %d connections parked", seed, held, parked)
	}
}

// comeAndLeave is one visit of a client. Errors of its socket are its own business.
func comeAndLeave(s *serving, random *rand.Rand) {
	p := s.dial()
	var input string
	for range 1 + random.IntN(20) {
		switch random.IntN(4) {
		case 0:
			input += bulk("SET", "k", string(make([]byte, random.IntN(60_000))))
		case 1:
			input += "GET k\r\nPING\r\n"
		case 2:
			input += "SELECT 0\r\n"
		default:
			input += bulk("INCR", "n")
		}
	}
	_, _ = p.Write([]byte(input[:random.IntN(len(input)+1)]))
	switch random.IntN(4) {
	case 0:
		_ = p.SetReadDeadline(time.Now().Add(5 * time.Millisecond)) // there may be less than it wants to read
		_, _ = p.reader.Discard(random.IntN(200))
	case 1:
		_ = p.SetLinger(0) // a reset
	case 2:
		_ = p.CloseWrite()
		_, _ = p.reader.WriteTo(io.Discard)
	}
	_ = p.Close()
}
