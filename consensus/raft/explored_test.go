package raft

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// An exploration stands and falls with Digest: a field that it forgets makes different states the same, and what comes
// of one of them is never seen. Here each field of the core either changes the digest or has a reason not to.

// digested changes each field that a digest takes in, on a leader with all it can have.
var digested = map[string]func(*Raft){
	"Raft.role":       func(r *Raft) { r.role = Candidate },
	"Raft.term":       func(r *Raft) { r.term++ },
	"Raft.vote":       func(r *Raft) { r.vote++ },
	"Raft.leader":     func(r *Raft) { r.leader++ },
	"Raft.commit":     func(r *Raft) { r.commit++ },
	"Raft.log":        func(r *Raft) { r.log.append(entriesOf(r.log.last(), r.term)) },
	"Raft.disk":       func(r *Raft) { r.disk.hand(r.term, r.vote, r.log.last().Index, nil) },
	"Raft.membership": func(r *Raft) { r.membership.list = r.membership.list[:1] },
	"Raft.written":    func(r *Raft) { r.written++ },
	"Raft.applied":    func(r *Raft) { r.applied++ },
	"Raft.fetched":    func(r *Raft) { r.fetched = mark(3) },
	"Raft.part":       func(r *Raft) { r.part = mark(30) },
	"Raft.trimmed":    func(r *Raft) { r.trimmed++ },
	"Raft.ballots":    func(r *Raft) { r.ballots = []ballot{{2, 1}} },
	"Raft.echoed":     func(r *Raft) { r.echoed++ },
	"Raft.proven":     func(r *Raft) { r.proven++ },
	"Raft.leadership": func(r *Raft) { r.noOp++ },

	"leadership.peers":           func(r *Raft) { r.peers = r.peers[1:] },
	"leadership.noOp":            func(r *Raft) { r.noOp++ },
	"leadership.epoch":           func(r *Raft) { r.epoch++ },
	"leadership.confirmed":       func(r *Raft) { r.confirmed++ },
	"leadership.stepped":         func(r *Raft) { r.stepped++ },
	"leadership.committedAtBeat": func(r *Raft) { r.committedAtBeat++ },
	"leadership.transfer":        func(r *Raft) { r.transferee = 2 },
	"leadership.steppingDown":    func(r *Raft) { r.steppingDown = true },
	"transfer.transferee":        func(r *Raft) { r.transferee = 2 },
	"transfer.yielding":          func(r *Raft) { r.yielding = true },

	"progress.id":             func(r *Raft) { r.peers[0].id = 9 },
	"progress.state":          func(r *Raft) { r.peers[0].state = Replicate },
	"progress.match":          func(r *Raft) { r.peers[0].match++ },
	"progress.next":           func(r *Raft) { r.peers[0].next++ },
	"progress.inflight":       func(r *Raft) { r.peers[0].inflight = []raftlog.Index{2} },
	"progress.waiting":        func(r *Raft) { r.peers[0].waiting = !r.peers[0].waiting },
	"progress.probed":         func(r *Raft) { r.peers[0].probed++ },
	"progress.load":           func(r *Raft) { r.peers[0].load = smallProbe },
	"progress.fetching":       func(r *Raft) { r.peers[0].fetching = true },
	"progress.failedFetch":    func(r *Raft) { r.peers[0].failedFetch = true },
	"progress.snapshot":       func(r *Raft) { r.peers[0].snapshot = mark(2) },
	"progress.part":           func(r *Raft) { r.peers[0].part.Index++ },
	"progress.stateFile":      func(r *Raft) { r.peers[0].stateFile = mark(2) },
	"progress.announcedTicks": func(r *Raft) { r.peers[0].announcedTicks = never },
	"progress.echoed":         func(r *Raft) { r.peers[0].echoed++ },
	"progress.carried":        func(r *Raft) { r.peers[0].carried++ },
	"progress.notified":       func(r *Raft) { r.peers[0].notified++ },
	"progress.origin":         func(r *Raft) { r.peers[0].origin++ },
	"progress.awaited":        func(r *Raft) { r.peers[0].awaited++ },
	"progress.heartbeatDue":   func(r *Raft) { r.peers[0].heartbeatDue = true },
	"progress.leaving":        func(r *Raft) { r.peers[0].leaving++ },
	"progress.takesOverFrom":  func(r *Raft) { r.peers[0].takesOverFrom++ },

	"window.floor":   func(r *Raft) { r.log.floor.Term++ },
	"window.entries": func(r *Raft) { r.log.entries[len(r.log.entries)-1].Term++ },
	"window.written": func(r *Raft) { r.log.written++ },

	"disk.promised":    func(r *Raft) { r.disk.promised = append(r.disk.promised, promised{with: 9}) },
	"promised.with":    func(r *Raft) { r.disk.promised[0].with++ },
	"promised.message": func(r *Raft) { r.disk.promised[0].message.Index++ },

	"Raft.summoned":     func(r *Raft) { r.summoned = summons{} },
	"summons.from":      func(r *Raft) { r.summoned.from++ },
	"summons.term":      func(r *Raft) { r.summoned.term++ },
	"summons.mark":      func(r *Raft) { r.summoned.mark.Index++ },
	"summons.operation": func(r *Raft) { r.summoned.operation += 7 },

	"disk.done":       func(r *Raft) { r.disk.done.last-- },
	"disk.flying":     func(r *Raft) { r.disk.flying = append(r.disk.flying, r.disk.handed) },
	"flight.term":     func(r *Raft) { r.disk.done.term++ },
	"flight.vote":     func(r *Raft) { r.disk.done.vote++ },
	"flight.last":     func(r *Raft) { r.disk.done.last-- },
	"flight.snapshot": func(r *Raft) { r.disk.done.snapshot = mark(2) },
	"flight.retained": func(r *Raft) { r.disk.done.retained = mark(1) },

	"configurations.list":      func(r *Raft) { r.membership.list = r.membership.list[:1] },
	"configured.index":         func(r *Raft) { r.membership.list[0].index++ },
	"configured.configuration": func(r *Raft) { r.membership.list[0].configuration = &membership.Configuration{} },
	"ballot.voter":             func(r *Raft) { r.ballots = []ballot{{3, 2}} },
	"ballot.answer":            func(r *Raft) { r.ballots = []ballot{{2, 1}} },
}

// undigested are the fields that a digest leaves out, and why.
var undigested = map[string]string{
	"Raft.options":              "never change",
	"Raft.random":               "stopped",
	"Raft.switching":            "is gone after Ready",
	"Raft.clock":                "unused",
	"Raft.promisedUntil":        "unused: an exploration has no leases",
	"Raft.promisedBefore":       "unused",
	"Raft.electionTicks":        "stopped",
	"Raft.electionTimeoutTicks": "stopped",
	"Raft.leaderTicks":          "stopped",
	"Raft.suspicion":            "stopped: an exploration lets every node campaign, and help, at any time",
	"Raft.header":               "room",
	"Raft.messages":             "are gone after Ready",
	"Raft.promises":             "are gone after Ready",
	"Raft.fetches":              "are gone after Ready",
	"Raft.install":              "is gone after Ready",
	"Raft.offer":                "is gone after Ready",
	"Raft.quarantine":           "unused: an exploration has no states of machines",
	"Raft.quarantineChanged":    "unused",
	"Raft.shownCommit":          "is commit after Ready",
	"Raft.shownConfirmed":       "is confirmed after Ready",

	"leadership.lease":          "unused: an exploration has no leases",
	"leadership.heartbeatTicks": "stopped",
	"leadership.stepDownTicks":  "stopped",
	"leadership.askAll":         "stopped",
	"leadership.echoes":         "stopped",
	"leadership.yieldTicks":     "stopped",
	"transfer.transferTicks":    "stopped",
	"progress.promised":         "unused",
	"progress.probeTicks":       "stopped",
	"progress.asked":            "stopped",
	"progress.isLate":           "stopped",
	"progress.turn":             "stopped",
	"progress.stalledTicks":     "stopped",
	"progress.silentTicks":      "stopped",
	"progress.leavingTicks":     "stopped",
	"progress.announcingTicks":  "stopped",
	"progress.stateTicks":       "stopped",
	"summons.ticks":             "stopped",

	"window.floorTime":      "unused",
	"window.writtenBytes":   "follows from entries and written",
	"window.unwrittenBytes": "follows from entries and written",
	"window.retainBytes":    "never changes",
	"window.deadBytes":      "is about memory",
	"disk.handed":           "is the last one in flight, or done",
	"disk.waited":           "stopped",
	"disk.waitedBefore":     "stopped",
	"flight.number":         "is new with each boot",
	"configured.sum":        "follows from the configuration",
}

func mark(i raftlog.Index) *raftlog.SnapshotMark {
	return &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 1, Index: i}}
}

func digestOf(r *Raft, names ...raftlog.NodeID) uint64 {
	d := Digest{}
	d.Begin(names)
	r.Digest(&d)
	return d.Sum
}

func TestADigestTakesInWhatDecidesTheFuture(t *testing.T) {
	for _, part := range []any{
		Raft{}, leadership{}, transfer{}, progress{}, window{}, disk{}, flight{}, configurations{}, configured{}, ballot{},
		promised{}, summons{},
	} {
		kind := reflect.TypeOf(part)
		for i := range kind.NumField() {
			name := kind.Name() + "." + kind.Field(i).Name
			change, counts := digested[name]
			if _, reason := undigested[name]; counts == reason {
				t.Errorf("%s: have Clone copy it, Digest take it in or StopClocks stop it, and list it here", name)
			}
			if counts && sameDigest(t, change) {
				t.Errorf("%s changes, and the digest does not", name)
			}
		}
	}
}

// sameDigest reports whether a change leaves the digest of a leader, and of a candidate, as it is.
func sameDigest(t *testing.T, change func(*Raft)) bool {
	t.Helper()
	g := newRig(t, 3, 1, 1)
	g.lead()
	configuration := *g.core.Configuration()
	configuration.Retire = []raftlog.NodeID{3}
	g.core.advanceCommit(g.core.Last().Index)
	if _, err := g.core.ProposeConfiguration(&configuration); err != nil {
		t.Fatal(err)
	}
	g.ready()
	g.core.StopClocks()
	g.core.disk.promised = []promised{{with: 8}}
	g.core.summoned = summons{from: 2}
	before := digestOf(g.core)
	changed := g.core.Clone()
	change(changed)
	return digestOf(changed) == before
}

// Two nodes with exchanged parts have the same digest by exchanged names, and another one by the same names.
func TestADigestDoesNotDependOnNames(t *testing.T) {
	build := func(candidate, voter raftlog.NodeID) *Raft {
		g := newRig(t, 3, 1, 1)
		g.stepAndSync(Message{Kind: Vote, From: candidate, Term: 2, Previous: g.core.Last()})
		g.stepAndSync(Message{Kind: Vote, From: voter, Term: 2, Previous: g.core.Last()})
		g.core.StopClocks()
		return g.core
	}
	two, three := build(2, 3), build(3, 2)
	if digestOf(two) == digestOf(three) || digestOf(two, 1, 2, 3) != digestOf(three, 1, 3, 2) {
		t.Fatal("names count")
	}
}

// What becomes of a clone is nothing to the node, and the other way round; both go the same way.
func TestAClonesFutureIsItsOwn(t *testing.T) {
	for seed := int64(1); seed <= 20; seed++ {
		c := newChaos(seed)
		var clones []*Raft
		var digests []uint64
		for step := range randomSteps {
			c.step()
			if step%20 > 0 {
				continue
			}
			n := c.anyone()
			clones = append(clones, n.core.Clone())
			digests = append(digests, digestOf(n.core))
			other := n.core.Clone()
			other.Tick()
			for range 20 {
				other.Fire(Timer(c.dice.Intn(5)))
				other.Propose([]Proposal{{Kind: raftlog.EntryCommand, Body: []byte("other")}})
				other.Read()
				var rd Ready
				for other.Ready(&rd) {
					other.Appended(other.disk.handed.number)
				}
			}
		}
		for i, clone := range clones {
			if err := clone.Check(); digestOf(clone) != digests[i] || err != nil {
				t.Fatalf("seed %d: clone %d changed: %v", seed, i, err)
			}
		}
	}
}

func TestTimersFireOnStoppedClocks(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.core.StopClocks()
	g.core.Fire(HeartbeatTimer) // which a follower does not run
	if sent := g.ready(); len(sent) > 0 {
		t.Fatalf("sent %v", sent)
	}
	g.core.Fire(ElectionTimer)
	if sent := g.ready(); len(only(sent, PreVote)) != 2 {
		t.Fatalf("sent %v", sent)
	}
	g = newRig(t, 3, 1, 1)
	g.lead()
	for range 100 {
		g.core.StopClocks()
		g.core.Fire(HeartbeatTimer)
		if sent := g.ready(); len(only(sent, Heartbeat)) != 2 || g.core.Role() != Leader {
			t.Fatalf("sent %v", sent)
		}
	}
	g.core.Fire(LonelyTimer)
	if g.core.Role() != Follower {
		t.Fatal("it leads on")
	}
}

// A message in flight is sent again when it is taken for lost, and a transfer ends that is waited for in vain.
func TestTimersOfALeaderGiveUp(t *testing.T) {
	g := newRig(t, 3, 1, 1)
	g.lead()
	g.acknowledge(2, g.core.Last().Index)
	g.propose("a")
	g.core.StopClocks()
	g.core.Fire(StallTimer)
	if sent := g.ready(); len(only(sent, Append)) != 1 || g.core.peer(2).state != Probe {
		t.Fatalf("sent %v, %v", sent, g.core.Status())
	}
	g.core.Transfer(2)
	g.core.StopClocks()
	g.core.Fire(TransferTimer)
	if g.core.transferee != 0 {
		t.Fatal("it hands over for ever")
	}
}

// Messages differ by what they say.
func TestADigestTellsMessagesApart(t *testing.T) {
	at := raftlog.Mark{Term: 1, Index: 1}
	plain := Message{Kind: Append, From: 1, To: 2, Term: 3}
	changes := []func(*Message){
		func(*Message) {},
		func(m *Message) { m.Kind = Heartbeat },
		func(m *Message) { m.From = 3 },
		func(m *Message) { m.To = 3 },
		func(m *Message) { m.Term = 4 },
		func(m *Message) { m.Reject = true },
		func(m *Message) { m.Previous = at },
		func(m *Message) { m.Hint = at },
		func(m *Message) { m.Commit = 1 },
		func(m *Message) { m.Index = 1 },
		func(m *Message) { m.Epoch = 1 },
		func(m *Message) { m.Entries = entriesOf(at, 2) },
		func(m *Message) { m.Entries = []raftlog.Entry{configurationEntry(2, 2, threeVoters)} },
		func(m *Message) { m.Snapshot = mark(1) },
	}
	var seen []uint64
	for i, change := range changes {
		m, d := plain, Digest{}
		change(&m)
		d.Message(&m)
		if slices.Contains(seen, d.Sum) {
			t.Errorf("change %d: %v", i, fmt.Sprint(m))
		}
		seen = append(seen, d.Sum)
	}
}
