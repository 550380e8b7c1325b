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

// watch asks all nodes all the time who leads.
type watch struct {
	mu sync.Mutex
	// leads is the term in which a node says that it leads; 0 if it does not, or does not answer.
	leads []uint64
	// leaders are all that were ever seen.
	leaders map[uint64]int
}

func newWatch(nodes int) *watch {
	return &watch{leads: make([]uint64, nodes), leaders: map[uint64]int{}}
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
			connection, _ = client.Connect(address, watchLimit) // a node that is down is asked again
		}
		term, err := leadsIn(connection)
		if err != nil && connection != nil {
			connection.Close()
			connection = nil
		}
		if err := w.note(node, term); err != nil {
			return err
		}
	}
	return nil
}

// leadsIn asks a node for the term in which it leads; 0 if it does not.
func leadsIn(connection *client.Connection) (uint64, error) {
	if connection == nil {
		return 0, nil
	}
	reply, err := connection.Do("INFO", "raft")
	if err != nil {
		return 0, err
	}
	facts := map[string]string{}
	for line := range strings.Lines(reply.Text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		facts[name] = value
	}
	if facts["raft_role"] != "leader" {
		return 0, nil
	}
	return strconv.ParseUint(facts["raft_current_term"], 10, 64)
}

func (w *watch) note(node int, term uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leads[node] = term
	if term == 0 {
		return nil
	}
	if other, known := w.leaders[term]; known && other != node {
		return fmt.Errorf("nodes %d and %d both led in term %d", other, node, term)
	}
	w.leaders[term] = node
	return nil
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
