package raft

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A transcript is a script in testdata with what the nodes do at each command. The test plays and compares,
// line by line. `go test ./consensus/raft -rewrite` writes down what they do now: read the difference.
//
//	voters N                          nodes 1..N, configured with each other
//	node ID term=T terms=(1,1,2) voters=(1,2,3)
//	                                  a node with a log: entry 1 is the configuration, the terms are those of its entries
//	blank ID                          a node that knows nothing
//	tick ID [N]                       N units of time
//	forget ID                         the node has not heard its leader for an election timeout
//	campaign ID                       as many as it takes to ask for votes
//	elect ID                          campaign, and all others help
//	propose ID BODY...                commands, one entry each
//	together ID BODY                  propose and read in the same turn
//	deliver [from=ID] [to=ID] [kind=KIND] [max=N]
//	drop, double                      likewise: lose messages, or put a copy at the end of the wire
//	wire                              what is under way
//	sync ID [N]                       the disk completes N operations, or all
//	settle [without=(ID,...)] [hung=(ID,...)]
//	                                  deliver and sync until nothing moves; those without are cut off, and the disks
//	                                  of those hung complete nothing
//	beat ID [N] [without=(ID,...)] [hung=(ID,...)]
//	                                  N units of time, settled after each
//	crash ID [synced=N]               power loss; the first N operations in flight reached the disk
//	restart ID [floor=N]              start from the disk; entries up to the floor stay there
//	read ID                           register a read
//	asked ID PEER                     the index at which reads of PEER may run at once, by its request
//	inject from=ID to=ID term=T previous=(I,T) [terms=(...)] [commit=N]
//	                                  an Append that no node here sent, entries with these terms
//	archive ID N                      entries up to N are in history
//	fetch ID [fails]                  answer a fetch
//	link ID PEER                      the connection from ID to PEER was renewed
//	waiting ID PEER N                 clients of PEER wait for index N
//	transfer ID PEER                  hand leadership over
//	reconfigure ID voters=(..) [outgoing=(..)] [learners=(..)] [promote=(..)] [retire=(..)]
//	freeze ID N, taken ID             a snapshot of its own at N begins, and ends
//	snapshot ID N                     both, and the disk completes the operation
//	trim ID N                         the log up to N is dropped, as far as snapshots stand for it
//	file ID [fails]                   the snapshot that the node was to fetch is here
//	status ID, log ID                 show
//
// The word quiet on any line leaves out what happens.
func transcript(t *testing.T, name string) {
	s := &script{cluster: newCluster()}
	s.trace = func(line string) { s.lines = append(s.lines, line) }
	datadriven.RunTest(t, "testdata/"+name+".txt", func(t *testing.T, d *datadriven.TestData) string {
		output := s.play(t, d)
		if len(s.rules.violations) > 0 {
			t.Fatalf("%s: %s", d.Pos, strings.Join(s.rules.violations, "\n"))
		}
		return output
	})
}

// script is a cluster that reads commands.
type script struct {
	*cluster
	t     *testing.T
	d     *datadriven.TestData
	lines []string
}

func (s *script) play(t *testing.T, d *datadriven.TestData) string {
	s.t, s.d, s.lines = t, d, nil
	command, known := commands[d.Cmd]
	if !known {
		t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
	}
	command(s)
	if len(s.lines) == 0 || d.HasArg("quiet") {
		return "ok"
	}
	return strings.Join(s.lines, "\n")
}

var commands = map[string]func(*script){
	"voters":   func(s *script) { s.voters(s.number(0)) },
	"node":     (*script).addNode,
	"blank":    func(s *script) { s.add(raftlog.NodeID(s.number(0)), 0) },
	"tick":     func(s *script) { s.tick(s.first(), s.numberOr(1, 1)) },
	"forget":   func(s *script) { s.first().core.leaderTicks = testOptions(1).ElectionTicks },
	"campaign": func(s *script) { s.cluster.campaign(s.first().id) },
	"elect":    func(s *script) { s.cluster.elect(s.first().id) },
	"propose":  (*script).proposeBodies,
	"deliver":  (*script).deliverMatching,
	"drop":     func(s *script) { s.pick(func(m Message) {}) },
	"double":   (*script).doubleMatching,
	"wire":     (*script).showWire,
	"sync":     func(s *script) { s.cluster.sync(s.first(), s.numberOr(1, -1)) },
	"settle":   (*script).settleWithout,
	"beat":     (*script).beat,
	"crash":    func(s *script) { s.cluster.crash(s.first(), s.named("synced", 0)) },
	"restart":  func(s *script) { s.start(s.first(), raftlog.Index(s.named("floor", 0))) },
	"read":     (*script).registerRead,
	"together": (*script).proposeAndRead,
	"inject":   (*script).injectAppend,
	"archive":  func(s *script) { s.cluster.archive(s.first(), raftlog.Index(s.number(1))) },
	"fetch":    func(s *script) { s.answerFetch(s.first(), !s.d.HasArg("fails")) },
	"link":     func(s *script) { s.do(s.first(), func(r *Raft) { r.LinkUp(raftlog.NodeID(s.number(1))) }) },
	"waiting": func(s *script) {
		s.do(s.first(), func(r *Raft) { r.ServeWaiting(raftlog.NodeID(s.number(1)), raftlog.Index(s.number(2))) })
	},
	"asked": func(s *script) {
		index, ok := s.first().core.ReadOf(raftlog.NodeID(s.number(1)))
		if !ok {
			s.tracef("  a round is needed")
			return
		}
		s.tracef("  reads run at %d", index)
	},
	"transfer": func(s *script) {
		s.do(s.first(), func(r *Raft) { s.tracef("  begun: %v", r.Transfer(raftlog.NodeID(s.number(1)))) })
	},
	"reconfigure": (*script).reconfigureTo,
	"freeze":      func(s *script) { s.cluster.freeze(s.first(), raftlog.Index(s.number(1))) },
	"taken":       func(s *script) { s.cluster.taken(s.first()) },
	"snapshot":    (*script).snapshot,
	"trim":        func(s *script) { s.cluster.trim(s.first(), raftlog.Index(s.number(1))) },
	"file":        func(s *script) { s.answerInstall(s.first(), !s.d.HasArg("fails")) },
	"status":      func(s *script) { s.tracef("%v", s.first().core.Status()) },
	"log":         func(s *script) { s.tracef("%s", s.first().log()) },
}

// number is the n-th positional argument.
func (s *script) number(n int) int {
	s.t.Helper()
	if n >= len(s.d.CmdArgs) {
		s.t.Fatalf("%s: %s needs more arguments", s.d.Pos, s.d.Cmd)
	}
	value, err := strconv.Atoi(s.d.CmdArgs[n].Key)
	if err != nil {
		s.t.Fatalf("%s: %v", s.d.Pos, err)
	}
	return value
}

func (s *script) numberOr(n, otherwise int) int {
	if n >= len(s.d.CmdArgs) || s.d.CmdArgs[n].Key == "quiet" {
		return otherwise
	}
	return s.number(n)
}

func (s *script) first() *node { return s.node(raftlog.NodeID(s.number(0))) }

// list is the values of a named argument as numbers, nil if it is not there.
func (s *script) list(name string) []int {
	for _, arg := range s.d.CmdArgs {
		if arg.Key != name {
			continue
		}
		values := make([]int, len(arg.Vals))
		for i := range arg.Vals {
			if _, err := fmt.Sscan(arg.Vals[i], &values[i]); err != nil {
				s.t.Fatalf("%s: %s: %v", s.d.Pos, name, err)
			}
		}
		return values
	}
	return nil
}

func (s *script) named(name string, otherwise int) int {
	if values := s.list(name); len(values) == 1 {
		return values[0]
	}
	return otherwise
}

func (s *script) ids(name string) []raftlog.NodeID {
	var ids []raftlog.NodeID
	for _, value := range s.list(name) {
		ids = append(ids, raftlog.NodeID(value))
	}
	return ids
}

func (s *script) addNode() {
	entries := []raftlog.Entry{}
	for i, term := range s.list("terms") {
		if i == 0 {
			first := &membership.Configuration{Voters: s.ids("voters")}
			entries = append(entries, configurationEntry(1, raftlog.Term(term), first))
			continue
		}
		entries = append(entries, commandEntry(raftlog.Index(i+1), raftlog.Term(term), fmt.Sprintf("%d/%d", i+1, term)))
	}
	s.add(raftlog.NodeID(s.number(0)), raftlog.Term(s.named("term", 0)), entries...)
}

func (s *script) proposeBodies() {
	var bodies []string
	for _, arg := range s.d.CmdArgs[1:] {
		if arg.Key != "quiet" {
			bodies = append(bodies, arg.Key)
		}
	}
	if s.propose(s.first(), bodies...) == 0 {
		s.tracef("  refused")
	}
}

// pick takes the messages that the arguments describe off the wire, one after the other.
func (s *script) pick(take func(Message)) {
	limit, kind := s.named("max", len(s.wire)), ""
	for _, arg := range s.d.CmdArgs {
		if arg.Key == "kind" {
			kind = arg.Vals[0]
		}
	}
	from, to := raftlog.NodeID(s.named("from", 0)), raftlog.NodeID(s.named("to", 0))
	under := s.wire
	s.wire = nil
	for _, m := range under {
		match := (from == 0 || m.From == from) && (to == 0 || m.To == to) && (kind == "" || m.Kind.String() == kind)
		if !match || limit == 0 {
			s.wire = append(s.wire, m)
			continue
		}
		limit--
		take(m)
	}
}

// deliverMatching delivers what is on the wire now, not what the deliveries put there.
func (s *script) deliverMatching() {
	var picked []Message
	s.pick(func(m Message) { picked = append(picked, m) })
	for _, m := range picked {
		s.tracef("%v", m)
		if n := s.node(m.To); !n.down {
			s.do(n, func(r *Raft) { r.Step(&m) })
		}
	}
}

func (s *script) doubleMatching() {
	var picked []Message
	s.pick(func(m Message) { picked = append(picked, m) })
	s.wire = append(append(s.wire, picked...), picked...)
}

func (s *script) showWire() {
	for i := range s.wire {
		s.tracef("%v", s.wire[i])
	}
}

func (s *script) beat() {
	s.settleHung(func() {
		for range s.numberOr(1, 1) {
			s.tick(s.first(), 1)
			s.settle(s.connected())
		}
	})
}

// settleHung does something while the disks named by hung complete nothing.
func (s *script) settleHung(act func()) {
	for _, id := range s.ids("hung") {
		s.cluster.hung[id] = true
	}
	act()
	clear(s.cluster.hung)
}

func (s *script) settleWithout() {
	s.settleHung(func() { s.settle(s.connected()) })
}

// connected says which messages get through: those between nodes that are not cut off by the argument without.
func (s *script) connected() func(*Message) bool {
	without := s.ids("without")
	return func(m *Message) bool { return !slices.Contains(without, m.From) && !slices.Contains(without, m.To) }
}

func (s *script) snapshot() {
	n := s.first()
	s.cluster.archive(n, raftlog.Index(s.number(1)))
	s.cluster.freeze(n, raftlog.Index(s.number(1)))
	s.cluster.taken(n)
	s.cluster.sync(n, -1)
}

func (s *script) registerRead() {
	if !s.cluster.read(s.first()) {
		s.tracef("  refused")
	}
}

func (s *script) proposeAndRead() {
	n := s.first()
	n.core.Propose([]Proposal{{Kind: raftlog.EntryCommand, Body: []byte(s.d.CmdArgs[1].Key)}})
	s.cluster.read(n)
}

func (s *script) injectAppend() {
	previous := s.list("previous")
	m := Message{
		Kind: Append, From: raftlog.NodeID(s.named("from", 0)), To: raftlog.NodeID(s.named("to", 0)),
		Term: raftlog.Term(s.named("term", 0)), Commit: raftlog.Index(s.named("commit", 0)),
		Previous: raftlog.Mark{Index: raftlog.Index(previous[0]), Term: raftlog.Term(previous[1])},
	}
	for i, term := range s.list("terms") {
		index := m.Previous.Index + raftlog.Index(i) + 1
		m.Entries = append(m.Entries, commandEntry(index, raftlog.Term(term), fmt.Sprintf("%d/%d", index, term)))
	}
	s.do(s.node(m.To), func(r *Raft) { r.Step(&m) })
}

func (s *script) reconfigureTo() {
	configuration := &membership.Configuration{
		Voters: s.ids("voters"), Outgoing: s.ids("outgoing"), Learners: s.ids("learners"),
		Promote: s.ids("promote"), Retire: s.ids("retire"),
	}
	if err := s.reconfigure(s.first(), configuration); err != nil {
		s.tracef("  refused: %v", err)
	}
}
