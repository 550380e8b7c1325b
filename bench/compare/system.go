package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/bench/process"
)

// portsOfASystem is how many neighbouring ports each system gets: the first ones for clients, those from peerPorts on
// for its nodes among themselves.
const portsOfASystem, peerPorts = 10, 5

// system is a server, or several that are one.
type system struct {
	name string
	// guarantee is what an acknowledgement of a SET is worth, and what a GET sees; empty: INFO of the leader says it.
	guarantee string
	// nodes is how many processes it has.
	nodes int
	// launch is how each is started; node counts from 0.
	launch func(o *Options, directory string, port, node int) process.Launch
	// role is what INFO says of the node that leads; empty: it is the first.
	role string
	// gets reports that GETs are measured as well.
	gets bool
	// optional systems are measured only if they are asked for.
	optional bool
}

const raftredisGuarantee = "SET: synced (fdatasync) by a majority. GET: linearizable, confirmed by a majority"

// Names of the systems that others are compared with.
const (
	raftredis     = "raftredis"
	one           = "raftredis-one"
	other         = "raftredis-flags"
	redis         = "redis"
	redisReplicas = "redis-replicas"
	floor         = "floor"
)

// systems are those that there are.
func systems() []system {
	return []system{
		{
			name: redis, nodes: 1, launch: redisServer, gets: true,
			guarantee: "SET: synced (fdatasync) on the one disk. GET: from its memory",
		},
		{
			name: redisReplicas, nodes: 3, launch: redisServer,
			guarantee: "SET: synced (fdatasync) on one disk; two replicas get it afterwards, and sync it as well",
		},
		{
			name: raftredis, nodes: 3, launch: raftredisNode, role: "raft_role:leader", gets: true,
			guarantee: raftredisGuarantee,
		},
		{
			name: other, nodes: 3, launch: otherNode, role: "raft_role:leader", gets: true, optional: true,
			guarantee: raftredisGuarantee,
		},
		{
			name: one, nodes: 1, launch: raftredisNode,
			guarantee: "SET: synced (fdatasync) on the one disk. GET: from its memory",
		},
		peer("etcdraft"), prepared(peer("etcdraft")), peer("hashicorp"), peer("dragonboat"), peer(floor),
	}
}

func redisServer(_ *Options, directory string, port, node int) process.Launch {
	args := []string{
		"--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--port", strconv.Itoa(port + node), "--dir", directory,
	}
	if node > 0 {
		args = append(args, "--replicaof", "127.0.0.1", strconv.Itoa(port))
	}
	return process.Launch{Program: "redis-server", Args: args}
}

func raftredisNode(o *Options, directory string, port, node int) process.Launch {
	args := []string{
		"serve", "--dir", directory,
		"--port", strconv.Itoa(port + node), "--peer-port", strconv.Itoa(port + peerPorts + node),
	}
	switch {
	case filepath.Base(filepath.Dir(directory)) == one:
		args = append(args, "--bootstrap")
	case node == 0:
		args = append(args, "--bootstrap", "--expect", "3")
	default:
		args = append(args, "--join", fmt.Sprintf("127.0.0.1:%d@%d", port, port+peerPorts))
	}
	return process.Launch{Program: o.Binary, Args: args}
}

var assignment = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)

// otherNode is a node of raftredis with further flags, and perhaps of another build. NAME=value among the flags goes
// into the environment.
func otherNode(o *Options, directory string, port, node int) process.Launch {
	l := raftredisNode(o, directory, port, node)
	l.Program = o.OtherBinary
	for _, flag := range o.OtherFlags {
		if assignment.MatchString(flag) {
			l.Environment = append(l.Environment, flag)
		} else {
			l.Args = append(l.Args, flag)
		}
	}
	return l
}

// peer is a program of bench/peers.
func peer(name string) system {
	launch := func(o *Options, directory string, port, node int) process.Launch {
		return process.Launch{Program: filepath.Join(o.Peers, name), Args: []string{
			"--id", strconv.Itoa(node + 1), "--dir", directory,
			"--port", strconv.Itoa(port + node), "--peer-port", strconv.Itoa(port + peerPorts),
		}}
	}
	return system{name: name, nodes: 3, launch: launch, role: "peer_role:leader", gets: true}
}

// prepared is a peer whose log was written out before. It is what few programs do.
func prepared(s system) system {
	growing := s.launch
	s.name, s.optional = s.name+"-prepared", true
	s.launch = func(o *Options, directory string, port, node int) process.Launch {
		l := growing(o, directory, port, node)
		l.Args = append(l.Args, "--prepared")
		return l
	}
	return s
}

// running is a system that runs.
type running struct {
	system
	servers []*process.Server
}

// start starts the processes of a system, in order. What was started is in r even if there is an error.
func (r *running) start(ctx context.Context, o *Options, port int) error {
	parent := filepath.Join(o.Directory, r.name)
	for node := range r.nodes {
		directory := filepath.Join(parent, strconv.Itoa(node+1))
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return err
		}
		l := r.launch(o, directory, port, node)
		l.Name, l.Parent, l.Port = strconv.Itoa(node+1), parent, port+node
		s, err := process.Start(ctx, l)
		if err != nil {
			return err
		}
		r.servers = append(r.servers, s)
	}
	return nil
}

// await waits until a node leads and takes a SET, and asks for the guarantee if it is not known.
func (r *running) await(ctx context.Context) error {
	return process.Poll(ctx, func() error {
		leader, err := r.leader()
		if err != nil {
			return err
		}
		server := r.servers[leader]
		if r.guarantee == "" {
			facts, err := server.Ask("INFO")
			if err != nil {
				return err
			}
			r.guarantee = fact(facts, "peer_guarantee")
		}
		_, err = server.Ask("SET", "ready", "yes")
		return err
	})
}

// fact is the value of a line of INFO.
func fact(facts, name string) string {
	for line := range strings.Lines(facts) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), name+":"); found {
			return value
		}
	}
	return ""
}

var errNoLeader = errors.New("no node leads")

// leader finds which of the servers leads.
func (r *running) leader() (int, error) {
	if r.role == "" {
		return 0, nil
	}
	for i, s := range r.servers {
		facts, err := s.Ask("INFO")
		if err != nil {
			return 0, fmt.Errorf("node %s of %s: %w", s.Name, r.name, err)
		}
		if strings.Contains("\n"+facts, "\n"+r.role+"\r\n") {
			return i, nil
		}
	}
	return 0, errNoLeader
}

// List writes the names of systems and shapes.
func List(w io.Writer) {
	for _, s := range systems() {
		note := ""
		if s.optional {
			note = "   only if it is asked for"
		}
		fmt.Fprintf(w, "system %s%s\n", s.name, note)
	}
	for _, s := range Shapes() {
		fmt.Fprintf(w, "shape  %-24s %v\n", s.Name(), s)
	}
}
