package torture

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// verifyKeys is how many keys are read at once.
const verifyKeys = 500

// verify reads everything back through every node, when all clients have ended: all must have the same, nothing else,
// and what every key may have. Commands of unknown fate may still take effect after the
// client that sent them is gone, so the nodes have some time to agree.
func (r *run) verify(ctx context.Context, report *Report) error {
	subjects := r.subjects()
	var keys []string
	for _, s := range subjects {
		keys = append(keys, s.key)
	}
	began := time.Now()
	for {
		values, err := r.agree(ctx, keys)
		if err == nil {
			report.Keys = present(values)
			return errors.Join(check(subjects, values), r.awaitComparison(ctx, began))
		}
		if time.Since(began) > r.options.Recovery {
			return fmt.Errorf("%v after the end: %w", r.options.Recovery, err)
		}
		if err := wait(ctx, pollPeriod); err != nil {
			return err
		}
	}
}

// check judges the values of all keys.
func check(subjects []subject, values []client.Reply) error {
	var problems []error
	for i, s := range subjects {
		problems = append(problems, s.check(values[i]))
	}
	return errors.Join(problems...)
}

// agree reads the values of all keys from all nodes. An error says which two do not agree, or which one does not
// answer.
func (r *run) agree(ctx context.Context, keys []string) (values []client.Reply, err error) {
	for node := range r.options.Addresses {
		replies, err := r.read(ctx, node, keys)
		if err != nil {
			return nil, fmt.Errorf("node %d: %w", node, err)
		}
		if node == 0 {
			values = replies
		}
		for i, reply := range replies {
			if reply.String() != values[i].String() {
				return nil, fmt.Errorf("%s is %v on node 0 and %v on node %d", keys[i], values[i], reply, node)
			}
		}
		if err := r.checkSize(ctx, node, present(values)); err != nil {
			return nil, err
		}
	}
	return values, r.compareStates(ctx)
}

// compareStates demands that all nodes have applied the same entries, and that their states are equal then, in
// everything: what no read shows, a snapshot would carry on.
func (r *run) compareStates(ctx context.Context) error {
	var first map[string]string
	for node := range r.options.Addresses {
		reply, err := r.ask(ctx, node, "INFO", "raft")
		if err != nil {
			return fmt.Errorf("node %d: %w", node, err)
		}
		facts := factsIn(reply.Text)
		if node == 0 {
			first = facts
		}
		for _, name := range []string{"raft_state_index", "raft_state_hash"} {
			if facts[name] == "" || facts[name] != first[name] {
				return fmt.Errorf("%s is %q on node 0 and %q on node %d", name, first[name], facts[name], node)
			}
		}
	}
	return nil
}

// comparedWrites is how many writes follow at the end of a run: enough for the nodes to compare their states once more
// at an index at which all of them do.
const comparedWrites = 64

// awaitComparison writes, and waits until every node has found its state to be the one that a majority has, at an index
// behind all that the run did.
func (r *run) awaitComparison(ctx context.Context, began time.Time) error {
	reply, err := r.ask(ctx, 0, "INFO", "raft")
	if err != nil {
		return err
	}
	end := factsIn(reply.Text)["raft_state_index"]
	for range comparedWrites {
		if _, err := r.ask(ctx, 0, "DEL", "compared"); err != nil {
			return fmt.Errorf("a write at the end: %w", err)
		}
	}
	for node := range r.options.Addresses {
		for {
			reply, err := r.ask(ctx, node, "INFO", "raft")
			if err != nil {
				return fmt.Errorf("node %d: %w", node, err)
			}
			facts := factsIn(reply.Text)
			if err := sameState(facts); err != nil {
				return fmt.Errorf("node %d: %w", node, err)
			}
			agreed := facts["raft_state_agreed_index"]
			if atLeast(agreed, end) {
				break
			}
			if time.Since(began) > 2*r.options.Recovery {
				return fmt.Errorf("node %d has not compared its state since entry %s, the run ended at %s", node, agreed, end)
			}
			if err := wait(ctx, pollPeriod); err != nil {
				return err
			}
		}
	}
	return nil
}

// atLeast compares two indexes as INFO has them.
func atLeast(index, lowest string) bool {
	a, errA := strconv.ParseUint(index, 10, 64)
	b, errB := strconv.ParseUint(lowest, 10, 64)
	return errA == nil && errB == nil && a >= b
}

// present counts the keys that exist.
func present(values []client.Reply) (count int) {
	for _, v := range values {
		if !v.Null {
			count++
		}
	}
	return count
}

// subject is a key and what its value at the end may be.
type subject struct {
	key   string
	check func(value client.Reply) error
}

// subjects are all keys that clients have used.
func (r *run) subjects() (all []subject) {
	for _, s := range r.registers.all {
		all = append(all, subject{s.key, func(value client.Reply) error {
			// It is the last read in the register's history, which is judged as a whole.
			o := outcome{client: r.options.Clients, fate: client.Done, reply: value, call: r.now(), end: r.now()}
			return (&access{register: s, name: "GET"}).settle(o)
		}})
	}
	for _, s := range r.counters {
		all = append(all, subject{s.key, s.check})
	}
	if r.ballast != nil {
		all = append(all, subject{ballastKey, r.ballast.check})
	}
	for _, p := range r.probes {
		for _, s := range p.strands {
			all = append(all, subject{s.key, s.check})
		}
	}
	return all
}

// checkSize asks a node how many keys it has: so many, and those of the workloads.
func (r *run) checkSize(ctx context.Context, node, want int) error {
	names := []string{"EXISTS"}
	for _, w := range r.options.Workloads {
		names = append(names, w.Keys()...)
	}
	if len(names) > 1 {
		reply, err := r.ask(ctx, node, names...)
		if err != nil {
			return fmt.Errorf("node %d: %w", node, err)
		}
		found, err := reply.Int()
		if err != nil {
			return fmt.Errorf("node %d: EXISTS: %w", node, err)
		}
		want += found
	}
	reply, err := r.ask(ctx, node, "DBSIZE")
	if err != nil {
		return fmt.Errorf("node %d: %w", node, err)
	}
	if size, err := reply.Int(); err != nil || size != want {
		return fmt.Errorf("node %d has %v keys, %d are known", node, reply, want)
	}
	return nil
}

// verifyWorkloads lets each workload check what its clients saw.
func (r *run) verifyWorkloads(ctx context.Context) error {
	var problems []error
	for _, w := range r.options.Workloads {
		problems = append(problems, w.Verify(ctx, r.field))
	}
	return errors.Join(problems...)
}

// read reads keys through one node.
func (r *run) read(ctx context.Context, node int, keys []string) (values []client.Reply, err error) {
	for len(keys) > 0 {
		some := keys[:min(len(keys), verifyKeys)]
		keys = keys[len(some):]
		reply, err := r.ask(ctx, node, append([]string{"MGET"}, some...)...)
		if err != nil {
			return nil, err
		}
		if len(reply.Items) != len(some) {
			return nil, fmt.Errorf("MGET of %d keys was answered %v", len(some), reply)
		}
		values = append(values, reply.Items...)
	}
	return values, nil
}

// ask asks one node. An error reply counts as an error.
func (r *run) ask(ctx context.Context, node int, args ...string) (client.Reply, error) {
	connection, err := client.Connect(r.options.Addresses[node], longPatience)
	if err != nil {
		return client.Reply{}, err
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, connection.Close)()
	reply, err := connection.Do(args...)
	if err == nil && reply.Kind == '-' {
		err = fmt.Errorf("%s was answered %v", args[0], reply)
	}
	return reply, err
}
