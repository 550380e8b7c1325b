package load

import (
	"strings"
	"testing"
	"time"
)

// stallingServer answers one request after the other, each in service, and none from stall until the end of the stall.
// Its time is virtual.
type stallingServer struct {
	service, stall, end int64
	free                int64
}

// answersAt is when a request that comes at a time is answered.
func (s *stallingServer) answersAt(now int64) int64 {
	s.free = max(s.free, now)
	if s.free >= s.stall && s.free < s.end {
		s.free = s.end
	}
	s.free += s.service
	return s.free
}

// simulate has links and a server work in a virtual time, until all links are idle.
func simulate(t *testing.T, o Options, server stallingServer) *recorder {
	t.Helper()
	p, err := newPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	p.begin(time.Now())
	rec := newRecorder(len(p.requests))
	links := make([]*link, p.Connections)
	answers := make([][]int64, p.Connections) // when the requests under way are answered
	for i := range links {
		links[i] = newLink(p, rec, i)
	}
	for now := int64(0); now < never; {
		next := int64(never)
		for i, l := range links {
			for len(answers[i]) > 0 && answers[i][0] <= now {
				if err := l.feed([]byte("+OK\r\n"), now); err != nil {
					t.Fatal(err)
				}
				answers[i] = answers[i][1:]
			}
			before := l.sent.length
			l.fill(now)
			for range l.sent.length - before {
				answers[i] = append(answers[i], server.answersAt(now))
			}
			l.out = l.out[:0]
			if len(answers[i]) > 0 {
				next = min(next, answers[i][0])
			}
			next = min(next, l.next())
		}
		now = next
	}
	for i, l := range links {
		if !l.idle() {
			t.Fatalf("link %d is not idle at the end: %d under way", i, l.sent.length)
		}
	}
	return rec
}

// The test of coordinated omission: a server stalls for one of ten seconds. All requests that were due meanwhile
// waited, a tenth of all, and an open loop says so. A closed loop stalled as well: its figures show one request per
// connection.
func TestLink_OnlyAnOpenLoopShowsAStall(t *testing.T) {
	stall := stallingServer{int64(100 * time.Microsecond), int64(5 * time.Second), int64(6 * time.Second), 0}
	o := Options{Connections: 10, Rate: 1000, Duration: 10 * time.Second}
	open := simulate(t, o, stall).commands[0].latency
	if open.Count() != 10_000 {
		t.Errorf("%d requests were answered, want 10,000: 1,000 per second", open.Count())
	}
	// After the stall, 1,000 requests are answered at 10,000 per second while 1,000 per second come: until 6.11 s. So
	// 11 percent waited, up to a second, evenly: 9 percent longer than 0.18 s, 1 percent longer than 0.9 s.
	for q, want := range map[float64]time.Duration{
		0.5: 0, 0.88: 0, 0.91: 180 * time.Millisecond, 0.99: 900 * time.Millisecond,
	} {
		if got := open.Quantile(q); got < want || got > want+20*time.Millisecond {
			t.Errorf("open loop: quantile %v is %v, want %v", q, got, want)
		}
	}
	o.Rate = 0
	closed := simulate(t, o, stall).commands[0].latency
	if got := closed.Quantile(0.999); closed.Count() < 80_000 || got > 2*time.Millisecond {
		t.Errorf("closed loop: %d requests, p99.9 %v; want 90,000, and none of the stall to be seen", closed.Count(), got)
	}
	if got := closed.Max(); got < time.Second {
		t.Errorf("closed loop: the longest took %v, want a second", got)
	}
}

// With room in a pipeline, due requests go out on a connection that waits.
func TestLink_APipelineOfAnOpenLoopTakesWhatIsDue(t *testing.T) {
	p, err := newPlan(Options{Connections: 2, Pipeline: 3, Rate: 2000, Duration: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	p.begin(time.Now())
	l := newLink(p, newRecorder(1), 1) // due at 0.5, 1.5, 2.5 ... ms
	millis := func(n float64) int64 { return int64(n * float64(time.Millisecond)) }
	for _, step := range []struct {
		now       float64
		replies   int
		under     int
		next, lag float64
	}{
		{now: 0.4, under: 0, next: 0.5},
		{now: 0.5, under: 1, next: 1.5},
		{now: 2.5, under: 3, next: -1, lag: 1},      // full
		{now: 4, replies: 1, under: 3, next: -1},    // 3.5 was due, and there was no room before 4
		{now: 4.2, replies: 2, under: 1, next: 4.5}, // nothing more is due
	} {
		for range step.replies {
			if err := l.feed([]byte(":1\r\n"), millis(step.now)); err != nil {
				t.Fatal(err)
			}
		}
		l.fill(millis(step.now))
		want := millis(step.next)
		if step.next < 0 {
			want = never
		}
		if l.sent.length != step.under || l.next() != want {
			t.Errorf("at %v ms %d are under way and the next is due at %v; want %d and %v", step.now, l.sent.length,
				time.Duration(l.next()), step.under, time.Duration(want))
		}
	}
	// The fourth request was due at 3.5 ms and free at 4: no lag of the generator. The second was sent at 2.5.
	if got := l.rec.lag.Max().Round(100 * time.Microsecond); got != time.Millisecond {
		t.Errorf("the generator was late by %v, want 1ms", got)
	}
	const longest = 3500 * time.Microsecond
	if done := l.rec.commands[0].latency; done.Count() != 3 || done.Max().Round(100*time.Microsecond) != longest {
		t.Errorf("%d were done, the longest in %v; want 3, and 3.5 ms for the first", done.Count(), done.Max())
	}
}

// A closed loop sends a pipeline when the last one was answered whole, and never more requests than there are.
func TestLink_AClosedLoopSendsWholePipelines(t *testing.T) {
	p, err := newPlan(Options{Connections: 1, Pipeline: 4, Requests: 6, WarmUp: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	p.begin(time.Now())
	l := newLink(p, newRecorder(1), 0)
	step := func(now time.Duration, replies string, under int) {
		t.Helper()
		if err := l.feed([]byte(replies), int64(now)); err != nil {
			t.Fatal(err)
		}
		l.fill(int64(now))
		if l.sent.length != under {
			t.Errorf("at %v %d are under way, want %d", now, l.sent.length, under)
		}
	}
	ok := func(n int) string { return strings.Repeat("+OK\r\n", n) }
	step(0, "", 4)
	step(500*time.Millisecond, ok(3), 1)
	step(999*time.Millisecond, ok(1), 4) // of the warm-up, so they do not count
	step(1000*time.Millisecond, ok(4), 4)
	step(1100*time.Millisecond, ok(4), 2)
	step(1200*time.Millisecond, ok(1)+"-CLUSTERDOWN no leader\r\n", 0)
	if done := l.rec.commands[0].latency.Count(); done != 5 || l.rec.commands[0].failed != 1 || !l.idle() {
		t.Errorf("%d were done and %d failed, want 5 and 1, and the link to be idle", done, l.rec.commands[0].failed)
	}
	if e := l.rec.kinds["CLUSTERDOWN"]; e == nil || e.Count != 1 || e.First != "CLUSTERDOWN no leader" {
		t.Errorf("errors are %+v", l.rec.kinds)
	}
	if l.rec.last != int64(1200*time.Millisecond) {
		t.Errorf("the last reply came at %v", time.Duration(l.rec.last))
	}
}

// What was due and never sent is counted, up to the end and no further.
func TestLink_GivingUpCountsWhatWasDue(t *testing.T) {
	for until, want := range map[time.Duration]int64{1500 * time.Millisecond: 4, 3 * time.Second: 9} {
		p, err := newPlan(Options{Connections: 1, Rate: 10, WarmUp: time.Second, Duration: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		p.begin(time.Now())
		l := newLink(p, newRecorder(1), 0)
		for now := int64(0); now <= int64(time.Second); now = l.next() {
			l.fill(now)
			_ = l.feed([]byte("+OK\r\n"), now)
		}
		l.fill(int64(time.Second))
		l.giveUp(int64(until))
		l.fail(KindBroken, "gone", int64(until))
		if got := l.rec.kinds[KindUnsent]; got == nil || got.Count != want || l.rec.commands[0].failed != want {
			t.Errorf("given up after %v, %+v were never sent; want %d", until, l.rec.kinds, want)
		}
		if !l.idle() {
			t.Error("the link is not idle")
		}
	}
}

// A request costs no allocation.
func TestLink_ARequestAllocatesNothing(t *testing.T) {
	types, _ := Mix("types")
	for name, o := range map[string]Options{
		"closed": {Pipeline: 16}, "open": {Pipeline: 16, Rate: 1e6, Poisson: true},
	} {
		o.Connections, o.Commands, o.Skew, o.MinValueBytes, o.MaxValueBytes = 1, types, 0.99, 10, 100
		o.Duration = time.Hour
		p, err := newPlan(o)
		if err != nil {
			t.Fatal(err)
		}
		p.begin(time.Now())
		l := newLink(p, newRecorder(len(types)), 0)
		replies := []byte("$3\r\nabc\r\n*2\r\n:1\r\n$-1\r\n-ERR no\r\n" + "+O")
		rest := []byte("K\r\n")
		now := int64(0)
		turn := func() {
			now += int64(time.Millisecond)
			l.out = l.out[:0]
			l.fill(now)
			for l.sent.length >= 4 {
				if l.feed(replies, now) != nil || l.feed(rest, now) != nil {
					t.Fatal("a reply was not read")
				}
			}
		}
		for range 100 {
			turn()
		}
		if n := testing.AllocsPerRun(1000, turn); n != 0 {
			t.Errorf("%s loop: %v allocations a turn", name, n)
		}
	}
}
