package raft

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// rig is a single core, node 1, and a test that plays all the others.
type rig struct {
	t    *testing.T
	core *Raft
	rd   Ready
}

// newRig starts node 1 of a configuration, with a log of these terms; entry 1 is the configuration.
func newRig(t *testing.T, voters int, terms ...raftlog.Term) *rig {
	t.Helper()
	configuration := &membership.Configuration{}
	for id := range voters {
		configuration.Voters = append(configuration.Voters, raftlog.NodeID(id+1))
	}
	restored := Restored{}
	for i, term := range terms {
		if i == 0 {
			restored.Entries = append(restored.Entries, configurationEntry(1, term, configuration))
			continue
		}
		restored.Entries = append(restored.Entries, commandEntry(raftlog.Index(i+1), term, fmt.Sprintf("%d/%d", i+1, term)))
	}
	restored.Term = restored.Entries[len(terms)-1].Term
	return &rig{t: t, core: New(testOptions(1), restored)}
}

// step delivers a message and returns what leaves at once. What waits for the disk stays in the operation.
func (g *rig) step(m Message) (sent []Message) {
	g.t.Helper()
	m.To = 1
	g.core.Step(&m)
	return g.ready()
}

// asked has another node ask for the lead.
func (g *rig) asked(by raftlog.NodeID) (sent []Message) {
	g.t.Helper()
	g.core.TransferAsked(by)
	return g.ready()
}

func (g *rig) ready() (sent []Message) {
	g.t.Helper()
	g.core.Ready(&g.rd)
	if err := g.core.Check(); err != nil {
		g.t.Fatal(err)
	}
	return append(sent, g.rd.Messages...)
}

// sync makes the operation of the last Ready durable and returns its promises and what else leaves.
func (g *rig) sync() (sent []Message) {
	g.t.Helper()
	sent = append(sent, g.rd.Append.Promises...)
	if g.rd.Append.Number > 0 {
		g.core.Appended(g.rd.Append.Number)
		sent = append(sent, g.ready()...)
	}
	return sent
}

// stepAndSync delivers a message and returns everything that leaves because of it.
func (g *rig) stepAndSync(m Message) (sent []Message) {
	g.t.Helper()
	sent = g.step(m)
	return append(sent, g.sync()...)
}

// timeout ticks until the node campaigns.
func (g *rig) timeout() (sent []Message) {
	g.t.Helper()
	for range 2 * g.core.options.ElectionTicks {
		g.core.Tick()
		if sent = g.ready(); len(sent) > 0 {
			return sent
		}
	}
	g.t.Fatal("no campaign within twice the election timeout")
	return nil
}

// lead makes the node the leader of the next term, its no-op durable here and nowhere else.
func (g *rig) lead() {
	g.t.Helper()
	term := g.core.Term() + 1
	g.timeout()
	for _, id := range g.core.Configuration().Voters[1:] {
		g.stepAndSync(Message{Kind: PreVoteReply, From: id, Term: term})
	}
	for _, id := range g.core.Configuration().Voters[1:] {
		g.stepAndSync(Message{Kind: VoteReply, From: id, Term: term})
	}
	if g.core.Role() != Leader || g.core.Term() != term {
		g.t.Fatalf("not the leader of term %d: %v", term, g.core.Status())
	}
}

// propose appends a command on the leader and makes it durable there.
func (g *rig) propose(body string) raftlog.Index {
	g.t.Helper()
	index, ok := g.core.Propose([]Proposal{{Kind: raftlog.EntryCommand, Body: []byte(body)}})
	if !ok {
		g.t.Fatal("the proposal was refused")
	}
	g.ready()
	g.sync()
	return index
}

func (g *rig) acknowledge(from raftlog.NodeID, index raftlog.Index) []Message {
	g.t.Helper()
	return g.stepAndSync(Message{Kind: AppendReply, From: from, Term: g.core.Term(), Index: index})
}

// terms are the terms of the log's entries.
func (g *rig) terms() (terms []raftlog.Term) {
	for i := g.core.FirstInMemory(); i <= g.core.Last().Index; i++ {
		term, _ := g.core.TermOf(i)
		terms = append(terms, term)
	}
	return terms
}

// one returns the only message of a kind among those sent.
func (g *rig) one(sent []Message, kind MessageKind) Message {
	g.t.Helper()
	found := only(sent, kind)
	if len(found) != 1 {
		g.t.Fatalf("%d messages of kind %v in %v, want 1", len(found), kind, sent)
	}
	return found[0]
}

func only(sent []Message, kind MessageKind) (found []Message) {
	for _, m := range sent {
		if m.Kind == kind {
			found = append(found, m)
		}
	}
	return found
}

// entriesOf makes entries with these terms behind a mark.
func entriesOf(previous raftlog.Mark, terms ...raftlog.Term) (entries []raftlog.Entry) {
	for i, term := range terms {
		index := previous.Index + raftlog.Index(i) + 1
		entries = append(entries, commandEntry(index, term, fmt.Sprintf("%d/%d", index, term)))
	}
	return entries
}

// panics reports whether a call panics.
func panics(call func()) (did bool) {
	defer func() { did = recover() != nil }()
	call()
	return false
}
