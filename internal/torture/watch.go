package torture

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	// watchPeriod is how often each node is asked, watchLimit how long it may take to answer.
	watchPeriod = 50 * time.Millisecond
	watchLimit  = 500 * time.Millisecond
)

// watch asks all nodes all the time who leads, and counts their snapshots.
type watch struct {
	mu sync.Mutex
	// leads is the term in which a node says that it leads; 0 if it does not, or does not answer.
	leads []uint64
	// leaders are all that were ever seen.
	leaders map[uint64]int
	// taken and installed count the snapshots of each node.
	taken, installed []odometer
}

// odometer adds up a number that a node counts from 0 in each of its lives.
type odometer struct{ last, total uint64 }

func (o *odometer) read(now uint64) {
	if now < o.last {
		o.last = 0 // another life
	}
	o.total += now - o.last
	o.last = now
}

func newWatch(nodes int) *watch {
	return &watch{
		leads: make([]uint64, nodes), leaders: map[uint64]int{},
		taken: make([]odometer, nodes), installed: make([]odometer, nodes),
	}
}

// run asks one node until the context ends. An error is a second leader in one term.
func (w *watch) run(ctx context.Context, node int, address string) error {
	var connection *client.Connection
	defer func() {
		if connection != nil {
			connection.Close()
		}
	}()
	for wait(ctx, watchPeriod) == nil {
		if connection == nil {
			if connection, _ = client.Connect(address, watchLimit); connection == nil {
				w.lost(node) // it is asked again
				continue
			}
		}
		facts, err := factsOf(connection)
		if err != nil {
			connection.Close()
			connection = nil
			w.lost(node)
			continue
		}
		if err := w.note(node, facts); err != nil {
			return fmt.Errorf("node %d: %w", node, err)
		}
	}
	return nil
}

// factsOf asks a node what it knows of its part in the cluster.
func factsOf(connection *client.Connection) (map[string]string, error) {
	reply, err := connection.Do("INFO", "raft")
	if err != nil {
		return nil, err
	}
	return factsIn(reply.Text), nil
}

// factsIn takes a section of INFO apart.
func factsIn(text string) map[string]string {
	facts := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			facts[name] = value
		}
	}
	return facts
}

// lost notes that a node does not answer.
func (w *watch) lost(node int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leads[node] = 0
}

// note takes what a node says of itself. An error is what it may not say.
func (w *watch) note(node int, facts map[string]string) error {
	var term, taken, installed uint64
	for _, fact := range []struct {
		name   string
		number *uint64
	}{
		{"raft_current_term", &term}, {"raft_snapshots_created", &taken}, {"raft_snapshots_received", &installed},
	} {
		var err error
		if *fact.number, err = strconv.ParseUint(facts[fact.name], 10, 64); err != nil {
			return fmt.Errorf("%s in INFO: %w", fact.name, err)
		}
	}
	if err := sameState(facts); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken[node].read(taken)
	w.installed[node].read(installed)
	w.leads[node] = 0
	if facts["raft_role"] != "leader" {
		return nil
	}
	if other, known := w.leaders[term]; known && other != node {
		return fmt.Errorf("node %d and it both led in term %d", other, term)
	}
	w.leads[node], w.leaders[term] = term, node
	return nil
}

// sameState says what a node may not say of the states of nodes: nothing that a run does makes them differ.
func sameState(facts map[string]string) error {
	for name, none := range map[string]string{
		"raft_state_quarantine": "no", "raft_state_quarantined_nodes": "", "raft_state_undecided_index": "0",
	} {
		if said := facts[name]; said != none {
			return fmt.Errorf("states differ: %s is %q", name, said)
		}
	}
	return nil
}

// snapshots is how many were seen to be taken, and installed, by all nodes.
func (w *watch) snapshots() (taken, installed uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for node := range w.leads {
		taken, installed = taken+w.taken[node].total, installed+w.installed[node].total
	}
	return taken, installed
}

// leader is who was seen to lead last, in the highest term if several say so.
func (w *watch) leader() (node int, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	highest := uint64(0)
	for i, term := range w.leads {
		if term > highest {
			node, known, highest = i, true, term
		}
	}
	return node, known
}

// changes is how often somebody else, or the same in a later term, was seen to lead.
func (w *watch) changes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(0, len(w.leaders)-1)
}
