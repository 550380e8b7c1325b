package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// verifyKeys is how many keys are read at once.
const verifyKeys = 500

// verify reads everything back through every node, when all clients have ended: all must have the same, nothing else,
// and what the counters and the histories of registers allow. Commands of unknown fate may still take effect after the
// client that sent them is gone, so the nodes have some time to agree.
func (r *run) verify(ctx context.Context, report *Report) error {
	keys := r.keys()
	began := time.Now()
	for {
		values, err := r.agree(ctx, keys)
		if err == nil {
			report.Keys = present(values)
			return r.settleEnd(values)
		}
		if time.Since(began) > r.options.Recovery {
			return fmt.Errorf("%v after the end: %w", r.options.Recovery, err)
		}
		if err := wait(ctx, pollPeriod); err != nil {
			return err
		}
	}
}

// agree reads the values of all keys from all nodes. An error says which two do not agree, or which one does not answer.
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
	return values, nil
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

// keys are all that clients have used: registers, then counters.
func (r *run) keys() (keys []string) {
	for _, register := range r.registers.all {
		keys = append(keys, register.key)
	}
	for _, counter := range r.counters {
		keys = append(keys, counter.key)
	}
	return keys
}

// settleEnd judges the values of counters, and notes those of registers as the last read in their histories.
func (r *run) settleEnd(values []client.Reply) error {
	var problems []error
	for i, register := range r.registers.all {
		o := outcome{client: r.options.Clients, fate: client.Done, reply: values[i], call: r.now(), end: r.now()}
		problems = append(problems, (&access{register: register, name: "GET"}).settle(o))
	}
	for i, counter := range r.counters {
		problems = append(problems, counter.check(values[len(r.registers.all)+i]))
	}
	return errors.Join(problems...)
}

// checkSize asks a node how many keys it has.
func (r *run) checkSize(ctx context.Context, node, want int) error {
	reply, err := r.ask(ctx, node, "DBSIZE")
	if err != nil {
		return fmt.Errorf("node %d: %w", node, err)
	}
	if size, err := reply.Int(); err != nil || size != want {
		return fmt.Errorf("node %d has %v keys, %d are known", node, reply, want)
	}
	return nil
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
