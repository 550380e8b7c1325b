package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/bench/process"
)

// nodes is how many nodes the cluster has.
const nodes = 3

// servers are all processes. Their context ends them.
type servers struct {
	redis *process.Server
	nodes []*process.Server
}

// startServers starts a redis-server and the nodes, all with directories of their own, and waits until they serve. On
// an error nothing is left running.
func startServers(ctx context.Context, o *Options) (s *servers, stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	s = &servers{}
	stop = func() {
		cancel()
		for _, each := range s.all() {
			each.Wait()
		}
	}
	if err = s.start(ctx, o); err == nil {
		err = s.await(ctx)
	}
	if err != nil {
		stop()
		return nil, nil, errors.Join(err, process.LastWords(s.all()...))
	}
	return s, stop, nil
}

func (s *servers) start(ctx context.Context, o *Options) (err error) {
	s.redis, err = startServer(ctx, o.Directory, "redis-server", o.Port, "redis-server",
		"--appendonly", "yes", "--appendfsync", "always", "--save", "")
	for i := 0; i < nodes && err == nil; i++ {
		args := []string{"serve", "--bootstrap", "--expect", strconv.Itoa(nodes)}
		if i > 0 {
			args = []string{"serve", "--join", fmt.Sprintf("127.0.0.1:%d", s.nodes[0].Port)}
		}
		var n *process.Server
		if n, err = startServer(ctx, o.Directory, "node"+strconv.Itoa(i+1), o.Port+1+i, o.Binary, args...); err == nil {
			s.nodes = append(s.nodes, n)
		}
	}
	return err
}

// all are those that were started.
func (s *servers) all() []*process.Server {
	if s.redis == nil {
		return s.nodes
	}
	return append([]*process.Server{s.redis}, s.nodes...)
}

func startServer(
	ctx context.Context, parent, name string, port int, program string, args ...string,
) (*process.Server, error) {
	directory := filepath.Join(parent, name)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, err
	}
	args = append(args, "--port", strconv.Itoa(port), "--dir", directory)
	return process.Start(ctx, process.Launch{Name: name, Parent: parent, Port: port, Program: program, Args: args})
}

// await waits until all answer a read: a node does so when it has a leader.
func (s *servers) await(ctx context.Context) error {
	for _, each := range s.all() {
		err := process.Poll(ctx, func() error {
			_, err := each.Ask("GET", "ready")
			return err
		})
		if err != nil {
			return fmt.Errorf("%s does not serve on port %d: %w", each.Name, each.Port, err)
		}
	}
	return nil
}

// processorSeconds is how much time of processors some servers have used so far, together.
func processorSeconds(all ...*process.Server) (seconds float64, err error) {
	for _, n := range all {
		facts, err := n.Ask("INFO", "cpu")
		if err != nil {
			return 0, fmt.Errorf("%s: INFO cpu: %w", n.Name, err)
		}
		for line := range strings.Lines(facts) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "used_cpu_sys" || name == "used_cpu_user" {
				used, err := strconv.ParseFloat(value, 64)
				if err != nil {
					return 0, fmt.Errorf("%s: INFO cpu: %w", n.Name, err)
				}
				seconds += used
			}
		}
	}
	return seconds, nil
}

// roles finds the leader, and a node that follows it.
func (s *servers) roles(ctx context.Context) (leader, follower *process.Server, err error) {
	err = process.Poll(ctx, func() error {
		leader, follower = nil, nil
		for _, n := range s.nodes {
			facts, err := n.Ask("INFO", "raft")
			switch {
			case err != nil:
				return err
			case strings.Contains(facts, "\nraft_role:leader\r\n"):
				leader = n
			default:
				follower = n
			}
		}
		if leader == nil || follower == nil {
			return errors.New("no node leads")
		}
		return nil
	})
	return leader, follower, err
}
