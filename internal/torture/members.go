package torture

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	// changePatience is how long one node is waited for that was asked to change the members, changePeriod the time until
	// the next one is asked.
	changePatience = 5 * time.Second
	changePeriod   = 100 * time.Millisecond
)

// members takes nodes out of the cluster and puts them into it. A change is asked for again and again, of one node
// after the other, until it is done: other faults may be in its way for as long as they last, and a node that was asked
// may have done it, or do it later, without having said so.
type members struct {
	addresses []string
	logger    *slog.Logger

	mu sync.Mutex
	// names are the ids of the nodes as far as they are known. One that lost its directory is somebody else from then on.
	names []string
	// entering are the nodes that are to be members again and are not yet.
	entering []bool
}

func newMembers(addresses []string, logger *slog.Logger) *members {
	return &members{
		addresses: addresses, logger: logger, names: make([]string, len(addresses)), entering: make([]bool, len(addresses)),
	}
}

// learn asks all nodes, which run, for their ids.
func (m *members) learn(ctx context.Context) error {
	for node := range m.addresses {
		reply, err := m.ask(ctx, node, "CLUSTER", "MYID")
		if err != nil {
			return fmt.Errorf("node %d: CLUSTER MYID: %w", node, err)
		}
		if reply.Kind != '$' {
			return fmt.Errorf("node %d: CLUSTER MYID was answered %v", node, reply)
		}
		m.name(node, reply.Text)
	}
	return nil
}

// name notes that a node is a member by this id.
func (m *members) name(node int, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names[node], m.entering[node] = name, false
}

// missing is a node that is to be a member again and is not yet; -1 if there is none.
func (m *members) missing() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Index(m.entering, true)
}

// expect notes that a node is to be a member again; enter is called next.
func (m *members) expect(node int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entering[node] = true
}

func (m *members) nameOf(node int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.names[node]
}

// leave takes a node out of the cluster, unless the context ends before.
func (m *members) leave(ctx context.Context, node int) {
	m.insist(ctx, node, func(reply client.Reply) (done bool) {
		return reply.Kind == '+' || unknownNode(reply)
	}, func() []string { return []string{"CLUSTER", "REMOVENODE", m.nameOf(node)} })
}

// enter makes a blank node that listens where a member was a member in its place; or a new member, if that one has left
// already.
func (m *members) enter(ctx context.Context, node int) {
	left := false
	m.insist(ctx, node, func(reply client.Reply) (done bool) {
		if reply.Kind == '*' && len(reply.Items) == 1 {
			reply = reply.Items[0]
		}
		if done = reply.Kind == '$'; done {
			m.name(node, reply.Text)
		}
		left = left || unknownNode(reply)
		return done
	}, func() []string {
		if left {
			return []string{"CLUSTER", "ADDNODE", m.addresses[node]}
		}
		return []string{"CLUSTER", "REPLACENODE", m.nameOf(node), m.addresses[node]}
	})
}

// unknownNode reports whether a node said that the one to be removed is no member.
func unknownNode(reply client.Reply) bool {
	return reply.Kind == '-' && strings.HasPrefix(reply.Text, "ERR Unknown node ")
}

// insist asks all nodes but one in turn for a change of that one, until a reply says that it is done.
func (m *members) insist(ctx context.Context, node int, done func(client.Reply) bool, command func() []string) {
	for attempt := 1; ; attempt++ {
		via := (node + attempt) % len(m.addresses)
		if via != node {
			args := command()
			reply, err := m.ask(ctx, via, args...)
			m.logger.Info("changes the members", "command", args, "via", via, "reply", reply, "error", err)
			if err == nil && done(reply) {
				return
			}
		}
		if wait(ctx, changePeriod) != nil {
			return
		}
	}
}

// ask sends one command to a node. An error reply is none of the errors.
func (m *members) ask(ctx context.Context, node int, args ...string) (client.Reply, error) {
	connection, err := client.Connect(m.addresses[node], changePatience)
	if err != nil {
		return client.Reply{}, err
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, connection.Close)()
	return connection.Do(args...)
}
