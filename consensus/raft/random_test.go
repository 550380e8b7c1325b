package raft

import (
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The random driver throws dice for everything that a cluster does not control: when clocks tick, which message arrives
// next, which are lost or doubled, when a disk completes, who loses power and how much of its queue was saved, who
// cannot reach whom, what clients and operators ask for. The rules are checked after every step. At the end the world
// becomes kind, and the cluster has to elect, commit and agree.
//
// A seed decides everything. RAFT_SEEDS=first:count runs others than the fixed ones.

const (
	ordinarySeeds = 200
	randomSteps   = 1500
)

// chaos is one run of the driver.
type chaos struct {
	*cluster
	dice *rand.Rand
	cut  map[[2]raftlog.NodeID]bool
	// frozen is a node whose clock stands still: a process that the machine has forgotten for a while.
	frozen raftlog.NodeID
	count  int
}

// move is something that can happen, and how often, in proportion.
type move struct {
	name   string
	weight int
	happen func(*chaos, *node)
}

var moves = []move{
	{"tick", 120, (*chaos).tickOne},
	{"deliver", 400, func(c *chaos, _ *node) { c.deliverAny() }},
	{"sync", 150, func(c *chaos, n *node) { c.sync(n, 1+c.dice.Intn(3)) }},
	{"propose", 40, (*chaos).proposeSome},
	{"read", 25, func(c *chaos, n *node) { c.read(c.rather(n)) }},
	{"archive", 30, func(c *chaos, n *node) { c.archive(n, n.core.Commit()-raftlog.Index(c.dice.Intn(3))) }},
	{"fetch", 40, (*chaos).fetchOne},
	{"crash", 4, (*chaos).crashOne},
	{"cut", 4, (*chaos).cutSome},
	{"isolate", 4, (*chaos).isolateLeader},
	{"heal", 4, (*chaos).heal},
	{"link", 6, func(c *chaos, n *node) { c.do(n, func(r *Raft) { r.LinkUp(c.anyone().id) }) }},
	{"wait", 10, func(c *chaos, n *node) {
		c.do(n, func(r *Raft) { r.ServeWaiting(c.anyone().id, r.Commit()+1) })
	}},
	{"transfer", 2, func(c *chaos, n *node) { c.do(n, func(r *Raft) { r.Transfer(c.anyone().id) }) }},
	{"reconfigure", 6, (*chaos).reconfigureSome},
	{"freeze", 20, func(c *chaos, n *node) {
		c.freeze(n, min(n.core.Commit(), n.core.Durable())-raftlog.Index(c.dice.Intn(3)))
	}},
	{"taken", 30, func(c *chaos, n *node) { c.taken(n) }},
	{"trim", 25, (*chaos).trimSome},
	{"file", 20, func(c *chaos, n *node) { c.answerInstall(n, c.dice.Intn(4) > 0) }},
}

func newChaos(seed int64, weakened ...guard.Guard) *chaos {
	c := &chaos{cluster: newCluster(), dice: rand.New(rand.NewSource(seed)), cut: map[[2]raftlog.NodeID]bool{}}
	c.options = func(id raftlog.NodeID) Options {
		o := testOptions(id)
		o.Seed = c.dice.Uint64()
		o.ElectionTicks = 6
		return o
	}
	for _, g := range weakened {
		c.weaken(g)
	}
	voters := 3 + 2*c.dice.Intn(2)
	if c.dice.Intn(8) == 0 {
		voters = 1 + c.dice.Intn(2)
	}
	c.voters(voters)
	for extra := range c.dice.Intn(3) {
		c.add(raftlog.NodeID(voters+extra+1), 0)
	}
	return c
}

func (c *chaos) anyone() *node { return c.nodes[c.dice.Intn(len(c.nodes))] }

func (c *chaos) step() {
	total := 0
	for i := range moves {
		total += moves[i].weight
	}
	n, throw := c.anyone(), c.dice.Intn(total)
	for i := range moves {
		if throw -= moves[i].weight; throw < 0 {
			c.tracef("%s %d", moves[i].name, n.id)
			moves[i].happen(c, n)
			return
		}
	}
}

func (c *chaos) deliverAny() {
	if len(c.wire) == 0 {
		return
	}
	place := 0
	if c.dice.Intn(3) == 0 {
		place = c.dice.Intn(len(c.wire))
	}
	m := c.wire[place]
	switch {
	case c.cut[[2]raftlog.NodeID{m.From, m.To}] || c.dice.Intn(20) == 0:
		c.wire = append(c.wire[:place:place], c.wire[place+1:]...)
		return
	case c.dice.Intn(20) == 0:
		c.wire = append(c.wire, m)
	}
	c.tracef("  delivered: %v", m)
	c.deliver(place)
}

func (c *chaos) proposeSome(n *node) {
	bodies := make([]string, 1+c.dice.Intn(4))
	for i := range bodies {
		c.count++
		bodies[i] = strconv.Itoa(c.count)
	}
	c.propose(c.rather(n), bodies...)
}

// rather replaces a node by one that leads, or believes so, in two cases out of three.
func (c *chaos) rather(n *node) *node {
	if c.dice.Intn(3) == 0 {
		return n
	}
	for offset, first := 0, c.dice.Intn(len(c.nodes)); offset < len(c.nodes); offset++ {
		if candidate := c.nodes[(first+offset)%len(c.nodes)]; candidate.core.Role() == Leader {
			return candidate
		}
	}
	return n
}

func (c *chaos) tickOne(n *node) {
	if n.id != c.frozen {
		c.tick(n, 1+c.dice.Intn(3))
	}
}

// isolateLeader cuts a leader off and may stop its clock, so that it does not find out.
func (c *chaos) isolateLeader(n *node) {
	n = c.rather(n)
	for _, other := range c.nodes {
		c.cut[[2]raftlog.NodeID{n.id, other.id}] = true
		c.cut[[2]raftlog.NodeID{other.id, n.id}] = true
	}
	if c.dice.Intn(2) == 0 {
		c.frozen = n.id
	}
}

func (c *chaos) fetchOne(n *node) {
	if len(n.fetches) > 0 {
		c.answerFetch(n, c.dice.Intn(4) > 0)
	}
}

// crashOne takes a node down and starts it again, from a floor anywhere in its history.
func (c *chaos) crashOne(n *node) {
	c.crash(n, c.dice.Intn(len(n.flying)+1))
	c.start(n, n.disk.base+raftlog.Index(c.dice.Intn(int(n.disk.history-n.disk.base)+1)))
}

// trimSome drops old log: what followers can spare, or more.
func (c *chaos) trimSome(n *node) {
	keep := n.core.KeepFrom()
	if c.dice.Intn(3) > 0 {
		keep = n.core.Last().Index
	}
	c.trim(n, max(keep, 1)-1)
}

func (c *chaos) cutSome(n *node) {
	for _, other := range c.nodes {
		if c.dice.Intn(2) == 0 {
			c.cut[[2]raftlog.NodeID{n.id, other.id}] = true
		}
		if c.dice.Intn(2) == 0 {
			c.cut[[2]raftlog.NodeID{other.id, n.id}] = true
		}
	}
}

func (c *chaos) heal(*node) {
	clear(c.cut)
	c.frozen = 0
}

// reconfigureSome proposes a joint configuration to any set of voters; the others become learners.
func (c *chaos) reconfigureSome(n *node) {
	current := n.core.Configuration()
	if current == nil {
		return
	}
	if c.dice.Intn(2) == 0 {
		c.intendSome(n, current)
		return
	}
	next := &membership.Configuration{Outgoing: current.Voters}
	for _, other := range c.nodes {
		switch c.dice.Intn(3) {
		case 0, 1:
			next.Voters = append(next.Voters, other.id)
		case 2:
			if c.dice.Intn(2) == 0 && !current.Votes(other.id) {
				next.Learners = append(next.Learners, other.id)
			}
		}
	}
	if err := c.reconfigure(n, next); err == nil {
		c.tracef("  %d proposed %v", n.id, next)
	}
}

// intendSome adds and removes learners, and names learners to promote and voters to retire. The leader does the rest.
func (c *chaos) intendSome(n *node, current *membership.Configuration) {
	next := &membership.Configuration{Voters: current.Voters}
	for _, other := range c.nodes {
		votes, learns := current.Votes(other.id), slices.Contains(current.Learners, other.id)
		if votes {
			if c.dice.Intn(3) == 0 {
				next.Retire = append(next.Retire, other.id)
			}
			continue
		}
		if learns && c.dice.Intn(4) == 0 || !learns && c.dice.Intn(2) == 0 {
			continue
		}
		next.Learners = append(next.Learners, other.id)
		if c.dice.Intn(3) > 0 {
			next.Promote = append(next.Promote, other.id)
		}
	}
	if err := c.reconfigure(n, next); err == nil {
		c.tracef("  %d proposed %v", n.id, next)
	}
}

// beKind ends all faults and gives the cluster time; then a fresh write must be committed by all who vote, and what was
// intended must have come about. In this world a voter that is left out learns it.
func (c *chaos) beKind() {
	c.heal(nil)
	for _, n := range c.nodes {
		for _, other := range c.nodes {
			c.do(n, func(r *Raft) { r.LinkUp(other.id) })
		}
	}
	written := raftlog.Index(0)
	for range 400 {
		for _, n := range c.nodes {
			c.tick(n, 1)
		}
		c.settleWithFiles()
		leader := c.leader()
		if leader == nil || leader.core.Configuration().Joint() || leader.core.Configuration().Intends() {
			continue
		}
		if written == 0 || leader.core.Last().Index < written {
			written = c.propose(leader, "last")
		}
		if written != 0 && c.agree(leader, written) {
			c.sendOff(leader)
			return
		}
	}
	c.rules.require(false, "liveness: no agreement on a fresh write in a kind world")
}

// settleWithFiles settles, and brings all nodes the snapshots that they want to fetch.
func (c *chaos) settleWithFiles() {
	for again := true; again; {
		c.settle(nil)
		again = false
		for _, n := range c.nodes {
			if n.installing != nil {
				c.answerInstall(n, true)
				again = true
			}
		}
	}
}

// sendOff removes a voter in a kind world, and the leader with it where enough others remain, while clients write.
func (c *chaos) sendOff(leader *node) {
	voters := leader.core.Configuration().Voters
	if len(voters) == 1 {
		return
	}
	removed := c.node(voters[c.dice.Intn(len(voters))])
	next := *leader.core.Configuration()
	next.Retire = []raftlog.NodeID{removed.id}
	if len(voters) > 3 && removed != leader {
		next.Retire = append(next.Retire, leader.id)
	}
	if err := c.reconfigure(leader, &next); err != nil {
		c.rules.require(false, "the removal of node %d is refused: %v", removed.id, err)
	}
	for range 100 {
		for _, n := range c.nodes {
			c.tick(n, 1)
		}
		if leads := c.leader(); leads != nil {
			c.propose(leads, "load")
		}
		c.settleWithFiles()
		if committed, _ := removed.core.CommittedConfiguration(); !committed.Includes(removed.id) {
			return
		}
	}
	c.rules.require(false, "node %d was left out in a kind world and is not told", removed.id)
}

func (c *chaos) agree(leader *node, written raftlog.Index) bool {
	configuration := leader.core.Configuration()
	for _, n := range c.nodes {
		if configuration.Includes(n.id) && n.core.Commit() < written {
			return false
		}
	}
	return true
}

// run plays a seed and returns what was violated, first things first. A panic of the core counts as a violation.
func (c *chaos) run(steps int) (violations []string) {
	defer func() {
		violations = c.rules.violations
		if p := recover(); p != nil {
			violations = append(violations, fmt.Sprint(p))
		}
	}()
	for step := 0; step < steps && len(c.rules.violations) == 0; step++ {
		c.step()
	}
	if len(c.rules.violations) == 0 {
		c.beKind()
	}
	return nil
}

// traced plays a seed again and returns the last lines of what happened.
func traced(seed int64, lines int) string {
	c := newChaos(seed)
	var all []string
	c.trace = func(line string) { all = append(all, line) }
	c.run(randomSteps)
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func TestRandomSchedulesKeepTheRules(t *testing.T) {
	first, count := 1, ordinarySeeds
	if seeds := os.Getenv("RAFT_SEEDS"); seeds != "" {
		if _, err := fmt.Sscanf(seeds, "%d:%d", &first, &count); err != nil {
			t.Fatalf("RAFT_SEEDS=%q: %v", seeds, err)
		}
	}
	commits, terms, archived, installs := raftlog.Index(0), raftlog.Term(0), raftlog.Index(0), 0
	for seed := first; seed < first+count; seed++ {
		c := newChaos(int64(seed))
		if violations := c.run(randomSteps); len(violations) > 0 {
			t.Fatalf("seed %d: %s\nagain: RAFT_SEEDS=%d:1 go test ./consensus/raft -run TestRandomSchedules\n%s",
				seed, violations[0], seed, traced(int64(seed), 80))
		}
		commits, installs = commits+c.rules.highest, installs+c.installs
		for _, n := range c.nodes {
			terms, archived = max(terms, n.core.Term()), archived+n.core.Floor().Index
		}
	}
	t.Logf("%d entries committed, highest term %d, %d entries left memory, %d snapshots installed", commits, terms,
		archived, installs)
	if commits < raftlog.Index(20*count) || archived == 0 || installs < count/10 {
		t.Fatalf("the driver drives nothing: %d entries committed in %d runs, %d snapshots installed", commits, count,
			installs)
	}
}
