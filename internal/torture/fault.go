package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of fault.
type Kind uint8

// The kinds of faults. Those of processes meet nodes that are whole, those of the network any.
const (
	// KillOne, KillMinority and KillAll kill processes as kill -9 does; they are started again when the fault ends.
	KillOne Kind = iota
	KillMinority
	KillAll
	// StopOne asks a process to end, as for an upgrade, demands that it ends well, and starts it again.
	StopOne
	// PauseOne stops a process, which goes on as if no time had passed.
	PauseOne
	// MoveOne asks a node to take over the leadership. It needs no end.
	MoveOne
	// SaveOne asks a node for a snapshot. It needs no end either.
	SaveOne
	// CutHalves separates a minority from the others, CutOne a single node.
	CutHalves
	CutOne
	// CutIn makes a node hear no other, CutOut makes no other hear it.
	CutIn
	CutOut
	// CutBridge leaves two halves with one node in between that reaches, and is reached by, all.
	CutBridge
	// SlowOne delays everything from and to one node.
	SlowOne
	// FlapOne cuts a single node from the others and joins it again, many times.
	FlapOne
	// LoseDisk kills a node and empties its directory. It comes back blank, and is put into the place of what it was.
	LoseDisk
	// LeaveOne takes a node that runs out of the cluster. It comes back blank, and is added as a new member.
	LeaveOne
	kinds
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"kill", "kill-minority", "kill-all", "stop", "pause", "move", "snapshot",
		"cut-halves", "cut-one", "cut-in", "cut-out", "cut-bridge", "slow", "flap", "lose-disk", "leave"}[k]
}

// Fault is something that goes wrong for a while.
type Fault struct {
	Kind Kind
	// Begin and End are counted from the beginning of the episode.
	Begin, End time.Duration
	// Leader says that the first node it meets is the one that leads when it begins.
	Leader bool
	// Order is the order in which it meets nodes: all of them, numbered from 0. A fault takes as many as it needs.
	Order []int
	// State and Delay are what gates do meanwhile, if the fault is one of the network.
	State State
	Delay time.Duration
	// Period is the time between two changes of a link that flaps; 0 for faults that stay.
	Period time.Duration
}

// String describes the fault before it is known who leads.
func (f Fault) String() string {
	text := fmt.Sprintf("%v %v to %v", f.Kind, f.Begin, f.End)
	if f.Kind.network() {
		text += " " + f.State.String()
	}
	if f.State == Slow {
		text += " by " + f.Delay.String()
	}
	if f.Period > 0 {
		text += " every " + f.Period.String()
	}
	if f.Leader {
		text += ", the leader and"
	}
	return text + strings.ReplaceAll(fmt.Sprint(f.Order), "[", " [")
}

func (k Kind) network() bool { return k >= CutHalves && k <= FlapOne }

// request reports whether the fault is no more than something that a node is asked for: the node stays whole.
func (k Kind) request() bool { return k == MoveOne || k == SaveOne }

// membership reports whether the fault changes who belongs to the cluster.
func (k Kind) membership() bool { return k == LoseDisk || k == LeaveOne }

// Episode is faults that overlap, and after them a calm.
type Episode []Fault

// String describes all faults of the episode.
func (e Episode) String() string {
	texts := make([]string, len(e))
	for i, f := range e {
		texts[i] = f.String()
	}
	return strings.Join(texts, "; ")
}

// Bounds of what is drawn. Faults are longer than an election and shorter than the patience of some clients. A cluster
// whose nodes were all killed has nothing left to do, so that takes no time of its own.
const (
	shortestFault  = 200 * time.Millisecond
	longestFault   = 5 * time.Second
	longestKillAll = time.Second
	latestBegin    = time.Second
	longestDelay   = 100 * time.Millisecond
	shortestPeriod = 30 * time.Millisecond
	longestPeriod  = 500 * time.Millisecond
	// A leader that was deposed while it was paused is kept from the news for so long.
	shortestUsurpation = time.Second
	usurperAwake       = 500 * time.Millisecond
	timeGrain          = 10 * time.Millisecond
)

// draw draws an episode for a cluster of so many nodes out of some kinds: one fault, often, or up to three that
// overlap. One of them at most changes the members: a cluster of which several lose their disks at once may lose data,
// and must not be blamed.
func draw(rng *rand.Rand, nodes int, kinds []Kind) Episode {
	usurped := rng.IntN(8) == 0
	if usurped && slices.Contains(kinds, PauseOne) && slices.Contains(kinds, CutOne) {
		return drawUsurpation(rng, nodes)
	}
	count := []int{1, 1, 1, 2, 2, 3}[rng.IntN(6)]
	var episode Episode
	for range count {
		f := drawFault(rng, nodes, kinds[rng.IntN(len(kinds))])
		changes := func(other Fault) bool { return other.Kind.membership() }
		if !f.Kind.membership() || !slices.ContainsFunc(episode, changes) {
			episode = append(episode, f)
		}
	}
	return episode
}

// drawUsurpation draws what chance seldom brings together: a leader is paused until another one leads, and goes on
// while it cannot hear of that. It may have been asked much meanwhile.
func drawUsurpation(rng *rand.Rand, nodes int) Episode {
	length, order := between(rng, shortestUsurpation, longestFault), rng.Perm(nodes)
	return Episode{
		{Kind: PauseOne, End: length, Leader: true, Order: order},
		{Kind: CutOne, End: length + usurperAwake, Leader: true, Order: order, State: Hole},
	}
}

func drawFault(rng *rand.Rand, nodes int, kind Kind) Fault {
	longest := longestFault
	if kind == KillAll {
		longest = longestKillAll
	}
	// The lesser of two draws: short faults are more frequent, and long ones happen.
	length := min(between(rng, shortestFault, longest), between(rng, shortestFault, longest))
	f := Fault{Kind: kind, Begin: between(rng, 0, latestBegin), Leader: rng.IntN(2) == 0, Order: rng.Perm(nodes)}
	f.End = f.Begin + length
	if kind == FlapOne {
		f.Period = between(rng, shortestPeriod, longestPeriod)
	}
	switch {
	case kind == SlowOne:
		f.State, f.Delay = Slow, between(rng, timeGrain, longestDelay)
	case kind.network():
		f.State = []State{Hole, Hole, Hole, Refuse}[rng.IntN(4)]
	}
	return f
}

// between draws a time, in steps that people can read.
func between(rng *rand.Rand, shortest, longest time.Duration) time.Duration {
	return shortest + timeGrain*time.Duration(rng.Int64N(int64((longest-shortest)/timeGrain)+1))
}

// victims are the nodes that a fault of processes meets, in the order given: as many as it needs, of those that are
// whole.
func (f Fault) victims(order []int, whole func(node int) bool) []int {
	need := 1
	switch f.Kind {
	case KillMinority:
		need = (len(order) - 1) / 2
	case KillAll:
		need = len(order)
	}
	var met []int
	for _, node := range order {
		if whole(node) && len(met) < need {
			met = append(met, node)
		}
	}
	return met
}

// ways are the directions that a fault of the network concerns, for nodes in the order given.
func (f Fault) ways(order []int) []Way {
	one, rest, minority := order[:1], order[1:], (len(order)-1)/2
	switch f.Kind {
	case CutHalves:
		return mutual(order[:minority], order[minority:])
	case CutOne, SlowOne, FlapOne:
		return mutual(one, rest)
	case CutIn:
		return directed(rest, one)
	case CutOut:
		return directed(one, rest)
	case CutBridge:
		return mutual(rest[:minority], rest[minority:])
	}
	panic(fmt.Sprintf("torture: %v is no fault of the network", f.Kind))
}

func directed(from, to []int) (ways []Way) {
	for _, a := range from {
		for _, b := range to {
			ways = append(ways, Way{a, b})
		}
	}
	return ways
}

func mutual(these, those []int) []Way {
	return append(directed(these, those), directed(those, these)...)
}
