package system

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

// Running is a system that runs.
type Running struct {
	System
	Servers []*process.Server

	programs *Programs
	parent   string
	port     int
	ctx      context.Context
	cancel   context.CancelFunc
}

// Start starts the processes of a system, in order, each with a directory of its own below parent/NAME, on ports from
// one on. The end of ctx stops them; Stop has to follow, also after an error.
func Start(ctx context.Context, p *Programs, s System, parent string, port int) (r *Running, err error) {
	r = &Running{System: s, programs: p, parent: filepath.Join(parent, s.Name), port: port}
	r.ctx, r.cancel = context.WithCancel(ctx)
	for node := range s.Nodes {
		r.Servers = append(r.Servers, nil)
		if err := r.StartNode(node); err != nil {
			return r, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return r, nil
}

// StartNode starts a node, again if it has ended.
func (r *Running) StartNode(node int) (err error) {
	directory := r.Directory(node)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	l := r.launch(r.programs, directory, r.port, node)
	l.Name, l.Parent, l.Port = strconv.Itoa(node+1), r.parent, r.port+node
	r.Servers[node], err = process.Start(r.ctx, l)
	return err
}

// Directory is where a node has its data.
func (r *Running) Directory(node int) string { return filepath.Join(r.parent, strconv.Itoa(node+1)) }

// Kill ends a node as kill -9 does, and waits for its end.
func (r *Running) Kill(node int) {
	r.Servers[node].Kill()
	r.Servers[node].Wait()
}

// Stop stops the processes, and adds to an error what they said last.
func (r *Running) Stop(err error) error {
	r.cancel()
	started := r.started()
	if err != nil {
		err = errors.Join(err, process.LastWords(started...))
	}
	for _, s := range started {
		s.Wait()
	}
	return err
}

// Remove stops the processes and removes their data.
func (r *Running) Remove(err error) error {
	err = r.Stop(err)
	return errors.Join(err, os.RemoveAll(r.parent))
}

func (r *Running) started() (all []*process.Server) {
	for _, s := range r.Servers {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// Await waits until a node leads and takes a SET, and asks for the guarantee if it is not known.
func (r *Running) Await(ctx context.Context) error {
	err := process.Poll(ctx, func() error {
		leader, err := r.Leader()
		if err != nil {
			return err
		}
		server := r.Servers[leader]
		if r.Guarantee == "" {
			facts, err := server.Ask("INFO")
			if err != nil {
				return err
			}
			r.Guarantee = Fact(facts, "peer_guarantee")
		}
		_, err = server.Ask("SET", "ready", "yes")
		return err
	})
	if err != nil {
		return fmt.Errorf("%s does not serve: its logs are in %s: %w", r.Name, r.parent, err)
	}
	return nil
}

// Fact is the value of a line of INFO.
func Fact(facts, name string) string {
	for line := range strings.Lines(facts) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), name+":"); found {
			return value
		}
	}
	return ""
}

var errNoLeader = errors.New("no node leads")

// Leader finds which of the servers leads. Those that were killed are passed over while another one leads.
func (r *Running) Leader() (node int, err error) {
	if r.role == "" {
		return 0, nil
	}
	var failed error
	for i, s := range r.Servers {
		facts, err := s.Ask("INFO")
		if err != nil {
			failed = fmt.Errorf("node %s of %s: %w", s.Name, r.Name, err)
		}
		if strings.Contains("\n"+facts, "\n"+r.role+"\r\n") {
			return i, nil
		}
	}
	if failed != nil {
		return 0, failed
	}
	return 0, errNoLeader
}

// Uses is what each process has used so far.
func (r *Running) Uses() (all []process.Use, err error) {
	for _, s := range r.Servers {
		u, err := s.Use()
		if err != nil {
			return nil, fmt.Errorf("node %s of %s: %w", s.Name, r.Name, err)
		}
		all = append(all, u)
	}
	return all, nil
}
