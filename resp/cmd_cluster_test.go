package resp

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/resp/topology"
)

// ask sends one command to a node and takes its reply apart.
func ask(t testing.TB, view topology.View, protocol int, info fakeInfo, command string) any {
	t.Helper()
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t), Node: newStillNode(info), ClusterView: view}))
	c.conn.session.facts.protocol = protocol
	value, rest := parseReply(t, c.send(command+"\r\n"))
	if rest != "" {
		t.Fatalf("%s: %q behind the reply", command, rest)
	}
	return value
}

// parseReply takes one reply apart, with maps as flat lists of keys and values, and returns what is behind it.
func parseReply(t testing.TB, text string) (value any, rest string) {
	t.Helper()
	line, rest, _ := strings.Cut(text, "\r\n")
	if line == "" {
		t.Fatalf("%q is no reply", text)
	}
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '+', '-':
		return line, rest
	case ':':
		return n, rest
	case '$':
		if n < 0 {
			return nil, rest
		}
		return rest[:n], rest[n+2:]
	case '=':
		return rest[len("txt:"):n], rest[n+2:]
	case '%':
		n *= 2
	case '_':
		return nil, rest
	case '*', '~', '>':
	default:
		t.Fatalf("%q is no reply known here", text)
	}
	list := make([]any, n)
	for i := range list {
		list[i], rest = parseReply(t, rest)
	}
	return list, rest
}

// slotMap is who owns each slot, by name; empty where no node does.
type slotMap [command.Slots]string

func (m *slotMap) give(t testing.TB, first, last int, name string) {
	t.Helper()
	for slot := first; slot <= last; slot++ {
		if m[slot] != "" {
			t.Fatalf("slot %d belongs to %s and to %s", slot, m[slot], name)
		}
		m[slot] = name
	}
}

func mapOfSlots(t testing.TB, view topology.View, protocol int, info fakeInfo) (m slotMap) {
	for _, item := range ask(t, view, protocol, info, "CLUSTER SLOTS").([]any) {
		entry := item.([]any)
		m.give(t, entry[0].(int), entry[1].(int), entry[2].([]any)[2].(string))
	}
	return m
}

func mapOfShards(t testing.TB, view topology.View, protocol int, info fakeInfo) (m slotMap) {
	for _, item := range ask(t, view, protocol, info, "CLUSTER SHARDS").([]any) {
		shard := item.([]any)
		for ranges := shard[1].([]any); len(ranges) > 0; ranges = ranges[2:] {
			for _, node := range shard[3].([]any) {
				if fields := node.([]any); slices.Contains(fields, "master") {
					m.give(t, ranges[0].(int), ranges[1].(int), fields[1].(string))
				}
			}
		}
	}
	return m
}

func mapOfNodes(t testing.TB, view topology.View, protocol int, info fakeInfo) (m slotMap) {
	self := 0
	for line := range strings.Lines(ask(t, view, protocol, info, "CLUSTER NODES").(string)) {
		fields := strings.Fields(line)
		self += strings.Count(fields[2], "myself")
		for _, slots := range fields[8:] {
			if !strings.Contains(fields[2], "master") {
				t.Fatalf("a replica owns slots: %s", line)
			}
			first, last, _ := strings.Cut(slots, "-")
			from, _ := strconv.Atoi(first)
			to, _ := strconv.Atoi(last)
			m.give(t, from, to, fields[0])
		}
	}
	if self != 1 {
		t.Fatalf("%d nodes are myself", self)
	}
	return m
}

// randomMembers is a cluster of up to nine nodes with numbers that have gaps, some of them learners, some absent, in
// any order. At least one voter is present.
func randomMembers(random *rand.Rand) []topology.Node {
	var members []topology.Node
	id := uint64(0)
	for range 1 + random.IntN(9) {
		id += 1 + uint64(random.IntN(5))
		voter := random.IntN(4) > 0
		members = append(members, topology.Node{
			ID: id, Name: fakeName(id), Host: fmt.Sprint("10.0.0.", id), Port: 7000, PeerPort: 17000,
			Voter: voter, Absent: voter && random.IntN(3) == 0, Match: random.Uint64N(100),
		})
	}
	chosen := &members[random.IntN(len(members))]
	chosen.Voter, chosen.Absent = true, false
	random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return members
}

// checkSlots proves that every slot has an owner, that exactly the voters that are not absent own some, in the order
// of their numbers, and that no range is longer than another by more than one.
func checkSlots(t *testing.T, m *slotMap, members []topology.Node) {
	t.Helper()
	slotsOf := make(map[string]int)
	for slot, name := range m {
		if name == "" {
			t.Fatalf("slot %d has no owner", slot)
		}
		if slot > 0 && m[slot-1] > name {
			t.Fatalf("slot %d of %s follows one of %s", slot, name, m[slot-1])
		}
		slotsOf[name]++
	}
	shortest, longest := command.Slots, 0
	for _, member := range members {
		slots := slotsOf[member.Name]
		if owns := member.Voter && !member.Absent; owns != (slots > 0) {
			t.Fatalf("%+v owns %d slots", member, slots)
		}
		if slots > 0 {
			shortest, longest = min(shortest, slots), max(longest, slots)
		}
	}
	if longest-shortest > 1 {
		t.Fatalf("the owners have %d to %d slots", shortest, longest)
	}
}

func TestAllNodesSpreadTheSlotsInTheSameWay(t *testing.T) {
	const seed, rounds = 1, 25
	for round := range rounds {
		random := rand.New(rand.NewPCG(seed, uint64(round)))
		t.Logf("seed %d round %d", seed, round)
		members := randomMembers(random)
		var want slotMap
		for i, self := range members {
			info := fakeInfo{NodeID: self.ID, Name: self.Name, Term: random.Uint64N(9), Nodes: slices.Clone(members)}
			for j := range info.Nodes { // what nodes need not agree on
				info.Nodes[j].Up, info.Nodes[j].Match = random.IntN(2) == 0, random.Uint64N(100)
			}
			if random.IntN(2) == 0 {
				info.Leader = members[random.IntN(len(members))].ID
			}
			random.Shuffle(len(members), func(i, j int) { info.Nodes[i], info.Nodes[j] = info.Nodes[j], info.Nodes[i] })
			protocol := 2 + random.IntN(2)
			slots := mapOfSlots(t, topology.SpreadView, protocol, info)
			if i == 0 {
				want = slots
				checkSlots(t, &want, members)
			}
			if slots != want {
				t.Fatalf("node %d has another map of slots than node %d", self.ID, members[0].ID)
			}
			shards := mapOfShards(t, topology.SpreadView, protocol, info)
			nodes := mapOfNodes(t, topology.SpreadView, protocol, info)
			if shards != want || nodes != want {
				t.Fatalf("node %d: SLOTS, SHARDS and NODES show different maps", self.ID)
			}
		}
	}
}

func TestInTheViewOfTheLeaderTheLeaderOwnsEverything(t *testing.T) {
	const seed, rounds = 2, 16
	for round := range rounds {
		random := rand.New(rand.NewPCG(seed, uint64(round)))
		t.Logf("seed %d round %d", seed, round)
		members := randomMembers(random)
		leader := members[random.IntN(len(members))]
		if round%4 == 0 {
			leader = topology.Node{}
		}
		for _, self := range members {
			info := fakeInfo{NodeID: self.ID, Name: self.Name, State: "up", Leader: leader.ID, Nodes: members}
			protocol := 2 + random.IntN(2)
			var want slotMap
			want.give(t, 0, command.Slots-1, leader.Name)
			for name, got := range map[string]slotMap{
				"SLOTS":  mapOfSlots(t, topology.LeaderView, protocol, info),
				"SHARDS": mapOfShards(t, topology.LeaderView, protocol, info),
				"NODES":  mapOfNodes(t, topology.LeaderView, protocol, info),
			} {
				if got != want {
					t.Fatalf("leader %d: %s on node %d shows another map", leader.ID, name, self.ID)
				}
			}
		}
	}
}

func TestEveryNodeHasASeatInItsOwnView(t *testing.T) {
	members := randomMembers(rand.New(rand.NewPCG(3, 0)))
	for _, view := range []topology.View{topology.SpreadView, topology.LeaderView} {
		removed := fakeInfo{NodeID: 1000, Name: fakeName(1000), State: "up", Leader: members[0].ID, Nodes: members}
		want := mapOfNodes(t, view, 2, fakeInfo{NodeID: members[0].ID, Leader: members[0].ID, Nodes: members})
		if got := mapOfNodes(t, view, 2, removed); got != want {
			t.Errorf("%v: a node that is no member shows another map than one that is", view)
		}
		if got := ask(t, view, 2, removed, "CLUSTER MYID"); got != removed.Name {
			t.Errorf("%v: a node that is no member says that it is %s", view, got)
		}
		var unowned slotMap
		if got := mapOfNodes(t, view, 2, fakeInfo{Name: fakeName(0), State: "joining"}); got != unowned {
			t.Errorf("%v: a blank node gives slots to someone", view)
		}
	}
}

func TestViewsHaveNames(t *testing.T) {
	for _, view := range []topology.View{topology.SpreadView, topology.LeaderView, topology.NoView} {
		if got, err := topology.ParseView(view.String()); got != view || err != nil {
			t.Errorf("%v is read as %v, %v", view, got, err)
		}
	}
	for _, name := range []string{"", "Spread", "none"} {
		if _, err := topology.ParseView(name); err == nil {
			t.Errorf("%q is a view", name)
		}
	}
}
