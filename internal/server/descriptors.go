package server

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"syscall"

	"github.com/raftredis/raftredis/internal/setting"
)

// File descriptors that clients do not get.
const (
	// fileDescriptors are for files and directories, listeners, the log and the poller.
	fileDescriptors = 32
	// Other nodes, or strangers at their port, get an eighth of all, between these. A quarter of that is for connections
	// that this node dials.
	minNodeDescriptors, maxNodeDescriptors = 32, 168
	dialledShare                           = 4
)

// descriptors is how a limit of the system is divided.
type descriptors struct {
	limit int64
	// nodes are for connections of other nodes and to them, clients for clients. What is left is for files.
	nodes, clients int64
}

// divideDescriptors divides a limit. Few descriptors leave clients none, or fewer than none.
func divideDescriptors(limit int64) descriptors {
	nodes := min(max(limit/8, minNodeDescriptors), maxNodeDescriptors)
	return descriptors{limit: limit, nodes: nodes, clients: limit - fileDescriptors - nodes}
}

// accepted is how many connections other nodes may make to this one.
func (d descriptors) accepted() int { return int(d.nodes - d.nodes/dialledShare) }

// limitOfDescriptors raises the soft limit of the process to the hard one, as far as the system lets it, and returns
// what it is then. The hard limit stays, also for root, which could raise it: an administrator has set it.
func limitOfDescriptors() (int64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("ask for the limit of file descriptors: %w", err)
	}
	if limit.Cur < limit.Max {
		raised := syscall.Rlimit{Cur: limit.Max, Max: limit.Max}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
		}
	}
	return int64(min(limit.Cur, math.MaxInt64)), nil
}

// fitDescriptors makes maxclients fit in the limit of the system, and says in one line what was found and set.
func (c *Config) fitDescriptors(logger *slog.Logger) error {
	limit, err := limitOfDescriptors()
	if err != nil {
		return err
	}
	d := divideDescriptors(limit)
	if d.clients < 1 {
		return fmt.Errorf("this process may have %d file descriptors, and needs %d at least: raise the limit (ulimit -n, "+
			"LimitNOFILE= of systemd, --ulimit nofile= of docker)", limit, limit-d.clients+1)
	}
	c.node.MaxPeerConnections = d.accepted()
	wanted := c.tuning.MaxClients.Load()
	log := logger.With("limit", limit, "files", fileDescriptors, "nodes", d.nodes, "maxclients", min(wanted, d.clients))
	if wanted <= d.clients {
		log.Info("file descriptors")
		return nil
	}
	c.tuning.MaxClients.Store(d.clients)
	log.Warn("too few file descriptors for maxclients: it was lowered; raise the limit (ulimit -n, LimitNOFILE= of "+
		"systemd, --ulimit nofile= of docker)", "wanted", wanted, "needed", wanted+limit-d.clients)
	return nil
}

// refuseMoreThanDescriptors refuses more clients than the system has descriptors for.
func refuseMoreThanDescriptors(text string, _ setting.Beside) *setting.Refusal {
	wanted, noNumber := strconv.ParseInt(text, 10, 64)
	limit, err := limitOfDescriptors()
	if err != nil || noNumber != nil {
		return nil
	}
	maximum := divideDescriptors(limit).clients
	if wanted <= maximum {
		return nil
	}
	return &setting.Refusal{
		Found: text, Wanted: fmt.Sprintf("%d at most: that is what the system has descriptors for", maximum),
		// Redis's text, before the number that would do.
		Redis: fmt.Sprintf("The operating system is not able to handle the specified number of clients, try with %d",
			maximum),
	}
}
