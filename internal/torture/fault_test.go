package torture

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func allKinds() (all []Kind) {
	for k := range kinds {
		all = append(all, k)
	}
	return all
}

func TestDraw_IsAFunctionOfTheSeedAndDrawsEveryKind(t *testing.T) {
	one, other := rand.New(rand.NewPCG(7, 0)), rand.New(rand.NewPCG(7, 0))
	seen := map[Kind]int{}
	overlap, usurped := false, false
	for range 200 {
		e, again := draw(one, 5, allKinds()), draw(other, 5, allKinds())
		if e.String() != again.String() {
			t.Fatalf("one seed draws %v and %v", e, again)
		}
		overlap = overlap || len(e) > 1
		changes := slices.DeleteFunc(slices.Clone(e), func(f Fault) bool { return !f.Kind.membership() })
		if len(changes) > 1 {
			t.Errorf("%v changes the members more than once", e)
		}
		usurped = usurped || len(e) == 2 && e[0].Leader && e[1].Leader && slices.Equal(e[0].Order, e[1].Order)
		for _, f := range e {
			seen[f.Kind]++
			length := f.End - f.Begin
			if length < shortestFault || length > longestFault+usurperAwake || f.Begin < 0 {
				t.Errorf("%v is out of bounds", f)
			}
			if f.Kind.network() == (f.State == Open) || len(f.Order) != 5 {
				t.Errorf("%v does not know what to do", f)
			}
		}
	}
	if len(seen) != int(kinds) || !overlap || !usurped {
		t.Errorf("of %d kinds these were drawn: %v; overlapping %v, usurped %v", kinds, seen, overlap, usurped)
	}
}

// reach draws who can send to whom, row by row, when a fault has cut its ways.
func reach(nodes int, cut []Way) string {
	var text strings.Builder
	for from := range nodes {
		for to := range nodes {
			letter := "x"
			if slices.Contains(cut, Way{from, to}) || from == to {
				letter = "."
			}
			text.WriteString(letter)
		}
		text.WriteString(" ")
	}
	return strings.TrimSpace(text.String())
}

func TestFault_CutsTheWaysOfItsKind(t *testing.T) {
	order := []int{2, 0, 1, 3, 4}
	for kind, want := range map[Kind]string{
		CutHalves: "..x.. ...xx x.... .x..x .x.x.", // 2 and 0 | 1, 3 and 4
		CutOne:    ".x.xx x..xx ..... xx..x xx.x.",
		CutIn:     ".x.xx x..xx xx.xx xx..x xx.x.", // 2 hears no node
		CutOut:    ".xxxx x.xxx ..... xxx.x xxxx.", // no node hears 2
		CutBridge: ".xx.. x.x.. xx.xx ..x.x ..xx.", // 0 and 1 | 3 and 4, and 2 reaches all
	} {
		if got := reach(5, Fault{Kind: kind}.ways(order)); got != want {
			t.Errorf("%v leaves %s, want %s", kind, got, want)
		}
	}
}

func TestEvents_AreInTheirOrder(t *testing.T) {
	e := Episode{{Begin: 30, End: 100, Period: 20}, {Begin: 0, End: 60}}
	want := []event{{0, 1, begins}, {30, 0, begins}, {50, 0, flips}, {60, 1, ends}, {70, 0, flips}, {90, 0, flips},
		{100, 0, ends}}
	if got := events(e); !slices.Equal(got, want) {
		t.Errorf("the moments are %v, want %v", got, want)
	}
}

func TestFault_MeetsAsManyWholeNodesAsItNeeds(t *testing.T) {
	order := []int{3, 1, 4, 0, 2}
	whole := func(node int) bool { return node != 1 }
	for kind, want := range map[Kind][]int{
		KillOne: {3}, StopOne: {3}, PauseOne: {3}, MoveOne: {3}, SaveOne: {3}, KillMinority: {3, 4}, KillAll: {3, 4, 0, 2},
	} {
		if got := (Fault{Kind: kind}).victims(order, whole); !slices.Equal(got, want) {
			t.Errorf("%v meets %v, want %v", kind, got, want)
		}
	}
}

func TestNetwork_TheWorstOfSeveralObstaclesWins(t *testing.T) {
	n, err := NewNetwork([]string{"127.0.0.1:1", "127.0.0.1:2"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	way := Way{0, 1}
	slow := &obstacle{[]Way{way}, setting{Slow, time.Second}}
	slower := &obstacle{[]Way{way}, setting{Slow, time.Minute}}
	hole := &obstacle{[]Way{way}, setting{Hole, 0}}
	expect := func(state State, delay time.Duration) {
		t.Helper()
		if g := n.gates[way]; g.state != state || g.delay != delay {
			t.Errorf("the gate is %v by %v, want %v by %v", g.state, g.delay, state, delay)
		}
	}
	n.put(slower)
	n.put(slow)
	expect(Slow, time.Minute)
	n.put(hole)
	n.take(slower)
	expect(Hole, 0)
	n.take(hole)
	expect(Slow, time.Second)
	n.flip(slow)
	expect(Open, 0)
	n.flip(slow)
	expect(Slow, time.Second)
	n.take(slow)
	n.take(slow)
	expect(Open, 0)
	if g := n.gates[Way{1, 0}]; g.state != Open {
		t.Errorf("the way back is %v", g.state)
	}
}

func TestNetwork_ANodeIsIsolatedAndJoinedAgain(t *testing.T) {
	n, err := NewNetwork([]string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for _, state := range []State{Refuse, Open} {
		n.Isolate(1, state)
		for way, gate := range n.gates {
			want := state
			if way.From != 1 && way.To != 1 {
				want = Open
			}
			if gate.state != want {
				t.Errorf("with node 1 set to %v the gate %v is %v", state, way, gate.state)
			}
		}
	}
}

// stubborn are nodes one of which ends by itself, or cannot be paused.
type stubborn struct {
	fake
	ended, unpausable error
}

func (s *stubborn) Check(int) error { return s.ended }

func (s *stubborn) Pause(node int) error {
	if s.unpausable != nil {
		return s.unpausable
	}
	return s.fake.Pause(node)
}

func TestNemesis_MendsEverythingAlsoWhenItFails(t *testing.T) {
	oops := errors.New("oops")
	for name, c := range map[string]struct {
		nodes *stubborn
		end   bool
	}{
		"a node that ended":          {&stubborn{ended: oops}, false},
		"a node that does not pause": {&stubborn{unpausable: oops}, false},
		"the end of the context":     {&stubborn{}, true},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if c.end {
			cancel(oops)
		}
		c.nodes.down = map[int]bool{}
		n := &nemesis{nodes: c.nodes, logger: slog.New(slog.DiscardHandler), broken: make([]bool, 3),
			leader: func() (int, bool) { return 1, true }}
		err := n.play(ctx, Episode{
			{Kind: KillOne, End: time.Hour, Order: []int{0, 1, 2}},
			{Kind: PauseOne, End: time.Millisecond, Order: []int{0, 1, 2}, Leader: true},
		})
		cancel(nil)
		if !errors.Is(err, oops) {
			t.Errorf("%s: the episode ended with %v", name, err)
		}
		if c.nodes.down[0] || len(n.active) > 0 || slices.Contains(n.broken, true) {
			t.Errorf("%s: broken %v, active %d", name, n.broken, len(n.active))
		}
	}
}

// A node that was asked for something, and stopped meanwhile, has not ended by itself when the request is over.
func TestNemesis_AFinishedRequestMendsNoNode(t *testing.T) {
	f := &fake{down: map[int]bool{}}
	n := &nemesis{nodes: f, logger: slog.New(slog.DiscardHandler), broken: make([]bool, 3),
		leader: func() (int, bool) { return 0, false }, request: func(int, ...string) {}}
	for _, kind := range []Kind{MoveOne, SaveOne} {
		request := &effect{fault: Fault{Kind: kind, Order: []int{0}}}
		stop := &effect{fault: Fault{Kind: StopOne, Order: []int{0}}}
		steps := []struct {
			effect *effect
			does   action
			broken bool
		}{{request, begins, false}, {stop, begins, true}, {request, ends, true}, {stop, ends, false}}
		for i, s := range steps {
			if err := n.act(s.effect, s.does); err != nil {
				t.Fatal(err)
			}
			if n.broken[0] != s.broken || f.down[0] != s.broken {
				t.Errorf("%v, step %d: broken is %v, down is %v", kind, i, n.broken[0], f.down[0])
			}
		}
	}
}

func TestOptions_RefuseWhatMakesNoSense(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"two nodes":           func(o *Options) { o.Addresses = o.Addresses[:2] },
		"no processes":        func(o *Options) { o.Nodes = nil },
		"no network":          func(o *Options) { o.Network = nil },
		"no disks":            func(o *Options) { o.Disks, o.Kinds = nil, []Kind{LoseDisk} },
		"a crowd":             func(o *Options) { o.Clients = maxClients + 1 },
		"less than no client": func(o *Options) { o.Clients = -1 },
		"an elephant":         func(o *Options) { o.BallastBytes = maxBallast + 1 },
		"less than no time":   func(o *Options) { o.Duration = -1 },
	} {
		o := Options{Addresses: make([]string, 3), Nodes: &fake{}, Network: &Network{}, Disks: &fake{}, Clients: maxClients}
		if _, err := o.complete(); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%s: the run began", name)
		}
	}
}
