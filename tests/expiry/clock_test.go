package expiry_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// How long the story of wrong clocks lasts, and what it may show. Times are those of the machine's clock, which three
// of the five nodes have.
const (
	endingKeys = 1000
	// The first key ends so long after all were set, and the last one so long.
	firstEnd = 2500 * time.Millisecond
	lastEnd  = 14 * time.Second
	// leaderKilledEvery is the time from one kill -9 of the leader to the next.
	leaderKilledEvery = 3 * time.Second
	minKills          = 3
	// wrongBy is by how much two of the five clocks are wrong, one of them each way.
	wrongBy = time.Hour
	// maxEarly and maxLate bound the moment at which a key ends, as seen by reads that were answered. It may be late
	// for as long as a new leader has not heard enough clocks: until then time stands still.
	maxEarly = 50 * time.Millisecond
	maxLate  = 500 * time.Millisecond
	// lookBefore and lookBehind are how long before and behind its end a key is read, again and again.
	lookBefore = 1200 * time.Millisecond
	lookBehind = 1500 * time.Millisecond
	// lookEvery is the time between two reads of one node.
	lookEvery = 25 * time.Millisecond
	// watchedOfTen of ten keys must have been read both shortly before and shortly behind their end. The others may have
	// ended while there was no leader.
	watchedOfTen = 8
)

// endingKey is a key with a deadline, and what reads found out about it.
type endingKey struct {
	name string
	// from and to bound its deadline. Only that of a key that was set with a time from now is not known exactly.
	from, to time.Time

	mu sync.Mutex
	// lastPresent is the latest begin of a read that found it, firstAbsent the earliest end of one that did not.
	lastPresent, firstAbsent time.Time
	// before counts reads that were bound to find it, behind those that were bound not to.
	before, behind int
	faults         []string
}

// observe takes in what a read said of the key. The read happened at some moment between its begin and its end.
func (k *endingKey) observe(node int, begin, end time.Time, present bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case present && (k.lastPresent.IsZero() || begin.After(k.lastPresent)):
		k.lastPresent = begin
	case !present && (k.firstAbsent.IsZero() || end.Before(k.firstAbsent)):
		k.firstAbsent = end
	}
	if end.Before(k.from.Add(-maxEarly)) {
		k.before++
		if !present {
			k.faults = append(k.faults, fmt.Sprintf("node %d did not find it %v before its end", node, k.from.Sub(end)))
		}
	}
	if begin.After(k.to.Add(maxLate)) {
		k.behind++
		if present {
			k.faults = append(k.faults, fmt.Sprintf("node %d found it %v behind its end", node, begin.Sub(k.to)))
		}
	}
}

// watching is a set of keys that expire, and the goroutines that read them.
type watching struct {
	keys    []*endingKey
	stopped atomic.Bool
	running sync.WaitGroup
	// answered counts reads by node.
	answered []atomic.Int64
}

// setKeys sets all keys through some node, half of them until a moment of the clock and half for a time from now.
func setKeys(t *testing.T, n *blackbox.Node, rng *rand.Rand) (keys []*endingKey) {
	t.Helper()
	const perPipeline = 100
	client := n.Connect(t)
	began := time.Now()
	for len(keys) < endingKeys {
		begin := time.Now()
		var batch []*endingKey
		var commands [][]string
		for i := range perPipeline {
			k := &endingKey{name: "ends" + strconv.Itoa(len(keys)+i)}
			life := (firstEnd + time.Duration(rng.Int64N(int64(lastEnd-firstEnd)))).Truncate(time.Millisecond)
			option, number := "PX", life.Milliseconds()
			k.from, k.to = time.Now().Add(life), time.Now().Add(life)
			if i%2 == 0 {
				option, number = "PXAT", began.Add(life).UnixMilli()
				k.from, k.to = time.UnixMilli(number), time.UnixMilli(number)
			}
			batch = append(batch, k)
			commands = append(commands, []string{"SET", k.name, "value", option, strconv.FormatInt(number, 10)})
		}
		replies, err := client.Pipeline(commands)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		for i, k := range batch {
			blackbox.Expect(t, replies[i], "+OK")
			if i%2 != 0 {
				k.to = k.to.Add(took)
			}
		}
		keys = append(keys, batch...)
	}
	return keys
}

// read reads the keys that expire soon or expired recently through one node, until w is stopped.
func (w *watching) read(at int, port int) {
	pace := time.NewTicker(lookEvery)
	defer pace.Stop()
	var connection *blackbox.Client
	for ; !w.stopped.Load(); <-pace.C {
		if connection == nil {
			var err error
			if connection, err = blackbox.Connect(port); err != nil {
				connection = nil
				continue // the node is down
			}
		}
		if err := w.look(at, connection); err != nil {
			connection.Close()
			connection = nil
		}
	}
	if connection != nil {
		connection.Close()
	}
}

// look reads once. What is not answered with values tells nothing.
func (w *watching) look(at int, connection *blackbox.Client) error {
	var near []*endingKey
	args := []string{"MGET"}
	for _, k := range w.keys {
		if now := time.Now(); now.After(k.from.Add(-lookBefore)) && now.Before(k.to.Add(lookBehind)) {
			near, args = append(near, k), append(args, k.name)
		}
	}
	if len(near) == 0 {
		return nil
	}
	begin := time.Now()
	reply, err := connection.Do(args...)
	end := time.Now()
	if err != nil || len(reply.Items) != len(near) {
		return err
	}
	w.answered[at].Add(1)
	for i, k := range near {
		k.observe(at+1, begin, end, !reply.Items[i].Null)
	}
	return nil
}

// lastKeyEnds is when nothing is left to be seen.
func (w *watching) lastKeyEnds() (last time.Time) {
	for _, k := range w.keys {
		if k.to.After(last) {
			last = k.to
		}
	}
	return last
}

// verify fails the test if a key ended early or late, or came back, or was not looked at.
func (w *watching) verify(t *testing.T) {
	t.Helper()
	const maxFaults = 10
	watched, before, behind, faults := 0, 0, 0, 0
	for _, k := range w.keys {
		if !k.firstAbsent.IsZero() && k.lastPresent.After(k.firstAbsent) {
			k.faults = append(k.faults, fmt.Sprintf("it was found %v after it was not", k.lastPresent.Sub(k.firstAbsent)))
		}
		if k.before > 0 && k.behind > 0 {
			watched++
		}
		before, behind = before+k.before, behind+k.behind
		if len(k.faults) > 0 && faults < maxFaults {
			t.Errorf("%s, which ends between %v and %v: %d faults, the first: %s",
				k.name, k.from, k.to, len(k.faults), k.faults[0])
		}
		faults += len(k.faults)
	}
	t.Logf("%d of %d keys were read before and behind their end, %d and %d times; %d faults", watched, len(w.keys), before,
		behind, faults)
	if watched < len(w.keys)*watchedOfTen/10 {
		t.Errorf("only %d of %d keys were read both before and behind their end", watched, len(w.keys))
	}
	for i := range w.answered {
		if w.answered[i].Load() == 0 {
			t.Errorf("node %d answered no read", i+1)
		}
	}
}

// I-1: Two clocks of five are wrong by an hour, that of the node that formed the cluster among them, and leaders are
// killed all the time; first those with the wrong clocks lead. Keys end when they should and stay ended, on every node.
func TestWrongClocks_KeysEndInTimeWhileLeadersAreKilled(t *testing.T) {
	rng := rand.New(rand.NewPCG(blackbox.SeedOf(t), 0))
	c := blackbox.NewCluster(t, 5)
	wrong := c.Nodes[:2]
	wrong[0].Flags = []string{"--clock-offset", wrongBy.String()}
	wrong[1].Flags = []string{"--clock-offset", (-wrongBy).String()}
	c.StartAll()
	for _, n := range wrong {
		if log := n.Process.Err(); !strings.Contains(log, "wrong on purpose") {
			t.Fatalf("node %d does not say that its clock is wrong: %s", n.Number, log)
		}
	}
	makeLeader(t, c, wrong[0])
	w := &watching{keys: setKeys(t, c.Nodes[4], rng), answered: make([]atomic.Int64, len(c.Nodes))}
	t.Cleanup(func() { // also when the test fails in between
		w.stopped.Store(true)
		w.running.Wait()
	})
	for at, n := range c.Nodes {
		w.running.Go(func() { w.read(at, n.Port) })
	}
	kills := killLeaders(t, c, wrong[1], w.lastKeyEnds())
	settled := time.NewTimer(time.Until(w.lastKeyEnds().Add(lookBehind)))
	defer settled.Stop()
	<-settled.C
	w.stopped.Store(true)
	w.running.Wait()
	if t.Logf("%d leaders were killed", kills); kills < minKills {
		t.Errorf("%d leaders were killed, fewer than %d", kills, minKills)
	}
	w.verify(t)
	blackbox.ExpectEqualStates(t, c.Nodes)
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "DBSIZE"), ":0")
}

// killLeaders kills the leader again and again until a moment, and starts it again at once. After the first one a given
// node is made the leader.
func killLeaders(t *testing.T, c *blackbox.Cluster, second *blackbox.Node, until time.Time) (kills int) {
	t.Helper()
	pace := time.NewTicker(leaderKilledEvery)
	defer pace.Stop()
	for now := range pace.C {
		if now.After(until) {
			break
		}
		victim := blackbox.Leader(t, c.Nodes)
		victim.Process.Kill()
		c.Start(victim)
		victim.Process.AwaitReady(blackbox.ReadyLimit)
		if kills++; kills == 1 {
			makeLeader(t, c, second)
		}
	}
	return kills
}

// makeLeader has leadership handed over to a node.
func makeLeader(t *testing.T, c *blackbox.Cluster, n *blackbox.Node) {
	t.Helper()
	blackbox.Eventually(t, blackbox.EffectLimit, fmt.Sprintf("node %d leads", n.Number), func() bool {
		if blackbox.Leader(t, c.Nodes) == n {
			return true
		}
		n.Connect(t).Must(t, "CLUSTER", "FAILOVER")
		return false
	})
}
