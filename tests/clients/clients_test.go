package clients_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// A voter loses its slots when it was silent for two seconds, and a client needs some time to ask for the new map. What
// a library sees until then is its own affair; afterwards it must see no error at all. Some whole rounds show that it
// works again; they take as long as the machine needs for them.
const (
	clientsRecover      = 5 * time.Second
	racedClientsRecover = 2 * clientsRecover
	clientsRounds       = 3
)

const slotCount = 16384

// tagsEverywhere finds hash tags whose slots lie everywhere: one in each of so many equal parts of the slots. The node
// says where a tag belongs.
func tagsEverywhere(t testing.TB, n *blackbox.Node, parts int) (tags []string) {
	t.Helper()
	client := n.Connect(t)
	defer client.Close()
	taken := map[int]bool{}
	for i := 0; len(taken) < parts; i++ {
		tag := strconv.Itoa(i)
		slot, err := client.Must(t, "CLUSTER", "KEYSLOT", "{"+tag+"}").Int()
		if err != nil {
			t.Fatal(err)
		}
		if part := slot * parts / slotCount; !taken[part] {
			taken[part] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// owners counts the nodes that own slots, as a node sees it, and returns the number that CLUSTER SLOTS names.
func owners(t testing.TB, n *blackbox.Node) int {
	t.Helper()
	client := n.Connect(t)
	defer client.Close()
	ports := map[string]bool{}
	for _, entry := range client.Must(t, "CLUSTER", "SLOTS").Items {
		ports[entry.Items[2].Items[1].Text] = true
	}
	return len(ports)
}

// Libraries work on keys in all parts of the slots while a node is killed and comes back: each node in turn, the leader
// first. Five seconds after its death they work without an error again, and they go on without one when it returns.
func TestClients_LibrariesRecoverFiveSecondsAfterANodeDied(t *testing.T) {
	const parts = 24
	c := blackbox.StartCluster(t, 3)
	first := blackbox.Leader(t, c.Nodes)
	tags := tagsEverywhere(t, first, parts)
	for _, victim := range append([]*blackbox.Node{first}, c.Others(first)...) {
		name := fmt.Sprintf("node %d is killed", victim.Number)
		if victim == blackbox.Leader(t, c.Nodes) {
			name += ", the leader"
		}
		t.Run(name, func(t *testing.T) { killUnderLibraries(t, c, victim, tags) })
	}
}

// killUnderLibraries is one death and the return from it.
func killUnderLibraries(t *testing.T, c *blackbox.Cluster, victim *blackbox.Node, tags []string) {
	rest := c.Others(victim)
	var seeds []string
	for _, n := range c.Nodes {
		seeds = append(seeds, blackbox.Address(n.Port))
	}
	var witnesses []*witness
	for _, start := range []func(testing.TB, string, []string) *witness{goRedis, redisPy, ioredis} {
		witnesses = append(witnesses, start(t, strings.Join(seeds, ","), tags))
	}
	started := time.Now()
	for _, w := range witnesses {
		w.awaitRounds(t, started, clientsRounds, blackbox.ReadyLimit)
	}
	killed := time.Now()
	victim.Process.Kill()
	for _, w := range witnesses {
		checkRecovery(t, w, killed)
	}
	if got := owners(t, rest[0]); got != len(rest) {
		t.Errorf("%d nodes own slots while one is dead, want %d", got, len(rest))
	}
	checkValues(t, witnesses, rest)

	back := time.Now()
	c.Start(victim)
	victim.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Eventually(t, blackbox.EffectLimit, "the node owns slots again", func() bool {
		return owners(t, rest[0]) == len(c.Nodes)
	})
	returned := time.Now()
	for _, w := range witnesses {
		w.awaitRounds(t, returned, clientsRounds, blackbox.EffectLimit)
		if errors := w.errorsBetween(back, time.Now()); len(errors) > 0 {
			t.Errorf("%s: %d errors when the node returns, the first: %s", w.library, len(errors), errors[0].text)
		}
		w.finish(t)
	}
	checkValues(t, witnesses, c.Nodes)
}

// checkRecovery waits until a witness works again after a death, and judges its errors.
func checkRecovery(t *testing.T, w *witness, killed time.Time) {
	t.Helper()
	limit := clientsRecover
	if blackbox.RaceDetector {
		limit = racedClientsRecover
	}
	recovered := killed.Add(limit)
	w.awaitRounds(t, recovered, clientsRounds, time.Until(recovered)+blackbox.EffectLimit)
	early, late := w.errorsBetween(killed, recovered), w.errorsBetween(recovered, time.Now())
	t.Logf("%s: %d errors in the first %v", w.library, len(early), limit)
	if len(early) > 0 {
		last := early[len(early)-1]
		t.Logf("%s: the last of them after %v: %s", w.library, last.when.Sub(killed).Round(time.Millisecond), last.text)
	}
	if len(late) > 0 {
		t.Errorf("%s: %d errors after more than %v, the first after %v: %s", w.library, len(late), limit,
			late[0].when.Sub(killed), late[0].text)
	}
}

// checkValues says that the values of a witness's last round are there, on every one of some nodes, or younger ones.
func checkValues(t *testing.T, witnesses []*witness, nodes []*blackbox.Node) {
	t.Helper()
	for _, w := range witnesses {
		w.hear(t)
		last := w.rounds[len(w.rounds)-1].number
		for _, n := range nodes {
			for key, reply := range blackbox.ValuesOf(t, n.Connect(t), w.keys) {
				if value, err := reply.Int(); err != nil || value < last {
					t.Errorf("node %d: %s is %v, and round %d was acknowledged", n.Number, key, reply, last)
				}
			}
		}
	}
}
