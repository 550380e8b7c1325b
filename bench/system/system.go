package system

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/raftredis/raftredis/bench/process"
)

// Ports is how many neighbouring ports each system gets: the first ones for clients, those from peerPorts on for its
// nodes among themselves.
const Ports, peerPorts = 10, 5

// MaxNodes is how many nodes a system may have.
const MaxNodes = Ports - peerPorts

// Programs are where the programs of systems are.
type Programs struct {
	// Raftredis is a path, Peers the directory of the programs of bench/peers. redis-server is that of the PATH.
	Raftredis, Peers string
	// Other and OtherFlags make one system more, of another build or with further flags. NAME=value among the flags goes
	// into the environment.
	Other      string
	OtherFlags []string
}

// System is a server, or several that are one.
type System struct {
	Name string
	// Guarantee is what an acknowledgement of a SET is worth, and what a GET sees; empty: INFO of the leader says it.
	Guarantee string
	// Nodes is how many processes it has.
	Nodes int
	// Gets reports that GETs are measured as well.
	Gets bool
	// Optional systems are measured only if they are asked for.
	Optional bool

	// launch is how each is started; node counts from 0.
	launch func(p *Programs, directory string, port, node int) process.Launch
	// role is what INFO says of the node that leads; empty: it is the first.
	role string
}

const raftredisGuarantee = "SET: synced (fdatasync) by a majority. GET: linearizable, confirmed by a majority"

// Names of systems.
const (
	Raftredis     = "raftredis"
	One           = "raftredis-one"
	Other         = "raftredis-flags"
	Redis         = "redis"
	RedisReplicas = "redis-replicas"
	Floor         = "floor"
	Library       = "library"
	LibraryLoop   = "library-loop"
)

const leads, peerLeads = "raft_role:leader", "peer_role:leader"

// All are the systems that there are.
func All() []System {
	other := Cluster(Other, 3)
	other.launch, other.Optional = otherNode(other.launch), true
	library := peer(Library)
	library.Optional = true
	looped := flagged(library, LibraryLoop, "--loop")
	return []System{
		RedisServer(),
		{
			Name: RedisReplicas, Nodes: 3, launch: redisServer,
			Guarantee: "SET: synced (fdatasync) on one disk; two replicas get it afterwards, and sync it as well",
		},
		Cluster(Raftredis, 3),
		other,
		{
			Name: One, Nodes: 1, launch: raftredisNode(1),
			Guarantee: "SET: synced (fdatasync) on the one disk. GET: from its memory",
		},
		library, looped, peer("etcdraft"), flagged(peer("etcdraft"), "etcdraft-prepared", "--prepared"),
		peer("hashicorp"), peer("dragonboat"), peer(Floor),
	}
}

// RedisServer is one redis-server that syncs its log at each write.
func RedisServer() System {
	return System{
		Name: Redis, Nodes: 1, launch: redisServer, Gets: true,
		Guarantee: "SET: synced (fdatasync) on the one disk. GET: from its memory",
	}
}

// Cluster is so many nodes of raftredis with further flags, as a system of a name.
func Cluster(name string, nodes int, flags ...string) System {
	return System{
		Name: name, Nodes: nodes, launch: raftredisNode(nodes, flags...), role: leads, Gets: true,
		Guarantee: raftredisGuarantee,
	}
}

// IsPeer reports whether the system is a program of bench/peers.
func (s *System) IsPeer() bool { return s.role == peerLeads }

func redisServer(_ *Programs, directory string, port, node int) process.Launch {
	args := []string{
		"--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--port", strconv.Itoa(port + node), "--dir", directory,
	}
	if node > 0 {
		args = append(args, "--replicaof", "127.0.0.1", strconv.Itoa(port))
	}
	return process.Launch{Program: "redis-server", Args: args}
}

// raftredisNode starts a node of a cluster of so many. A node that has data finds its place by itself.
func raftredisNode(nodes int, flags ...string) func(p *Programs, directory string, port, node int) process.Launch {
	return func(p *Programs, directory string, port, node int) process.Launch {
		args := []string{
			"serve", "--dir", directory,
			"--port", strconv.Itoa(port + node), "--peer-port", strconv.Itoa(port + peerPorts + node),
		}
		switch {
		case nodes == 1:
			args = append(args, "--bootstrap")
		case node == 0:
			args = append(args, "--bootstrap", "--expect", strconv.Itoa(nodes))
		default:
			args = append(args, "--join", fmt.Sprintf("127.0.0.1:%d@%d", port, port+peerPorts))
		}
		return process.Launch{Program: p.Raftredis, Args: append(args, flags...)}
	}
}

var assignment = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)

// otherNode is a node with further flags, and perhaps of another build.
func otherNode(
	launch func(p *Programs, directory string, port, node int) process.Launch,
) func(p *Programs, directory string, port, node int) process.Launch {
	return func(p *Programs, directory string, port, node int) process.Launch {
		l := launch(p, directory, port, node)
		l.Program = p.Other
		for _, flag := range p.OtherFlags {
			if assignment.MatchString(flag) {
				l.Environment = append(l.Environment, flag)
			} else {
				l.Args = append(l.Args, flag)
			}
		}
		return l
	}
}

// peer is a program of bench/peers.
func peer(name string) System {
	launch := func(p *Programs, directory string, port, node int) process.Launch {
		return process.Launch{Program: filepath.Join(p.Peers, name), Args: []string{
			"--id", strconv.Itoa(node + 1), "--dir", directory,
			"--port", strconv.Itoa(port + node), "--peer-port", strconv.Itoa(port + peerPorts),
		}}
	}
	return System{Name: name, Nodes: 3, launch: launch, role: peerLeads, Gets: true}
}

// flagged is a peer with a further flag, under another name.
func flagged(s System, name, flag string) System {
	plain := s.launch
	s.Name, s.Optional = name, true
	s.launch = func(p *Programs, directory string, port, node int) process.Launch {
		l := plain(p, directory, port, node)
		l.Args = append(l.Args, flag)
		return l
	}
	return s
}
