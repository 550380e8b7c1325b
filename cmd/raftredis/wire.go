package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/journal"
)

// server is a node with its front end, as it runs.
type server struct {
	flags  *serveFlags
	logger *slog.Logger
	node   *consensus.Node
	store  *store
	front  *resp.Server
	// broken receives the error of a listener that ended by itself.
	broken chan error
}

// machine is the key space in the words of the library.
type machine struct{ *fsm.Machine }

// Freeze is that of the key space.
func (m machine) Freeze() consensus.Image { return m.Machine.Freeze() }

// wire puts a node together and lets clients in. Both ports are taken first: a directory is not touched by a node that
// could not serve it.
func wire(f *serveFlags, logger *slog.Logger, fatal func(error)) (*server, error) {
	clients, err := listen("port", f.bind, f.port)
	if err != nil {
		return nil, err
	}
	peers, err := listen("peer-port", f.bind, f.peerPort)
	if err != nil {
		clients.Close()
		return nil, err
	}
	s := &server{flags: f, logger: logger, broken: make(chan error, 1)}
	if err := s.open(peers, fatal); err != nil {
		clients.Close()
		peers.Close()
		return nil, err
	}
	go func() {
		if err := s.front.Serve(clients); err != nil {
			s.broken <- fmt.Errorf("clients can no longer connect: %w", err)
		}
	}()
	return s, nil
}

// open opens the node and makes the front end.
func (s *server) open(peers net.Listener, fatal func(error)) error {
	options, err := s.consensusOptions()
	if err != nil {
		return err
	}
	options.PeerListener, options.Fatal = peers, fatal
	space := machine{fsm.New(fsm.Options{})}
	changes := &relay{}
	space.Watch(changes)
	options.Machine = space
	if s.node, err = consensus.Open(options); err != nil {
		return openError(err)
	}
	s.store = newStore(s.node)
	s.front, err = resp.New(resp.Options{
		Store: s.store, Node: s.store, Saver: &saver{node: s.node}, Watch: changes.server.Store,
		Password: s.flags.password, Limits: s.limits(), Version: versionText(),
		ClusterView: s.flags.clusterView(), RedirectMoved: s.flags.redirect.moved,
		Settings: s.settings(), ConfigFile: s.flags.file.path, Logger: s.logger,
	})
	if err == nil {
		err = s.flags.file.apply(s.front)
	}
	if err != nil {
		return errors.Join(err, s.node.Close())
	}
	return nil
}

func (s *server) consensusOptions() (consensus.Options, error) {
	f := s.flags
	join, err := f.joinAddresses()
	if err != nil {
		return consensus.Options{}, err
	}
	secret, err := f.secret()
	if err != nil {
		return consensus.Options{}, err
	}
	routes, err := parseRoutes(f.peerRoutes)
	if err != nil {
		return consensus.Options{}, err
	}
	return consensus.Options{
		Directory:     f.directory,
		PeerAddress:   address.Join(f.announced(), f.peerPort),
		ClientAddress: address.Join(f.announced(), f.port),
		Bootstrap:     f.bootstrap, Expect: f.expect, Join: join,
		HeartbeatMillis: f.heartbeatMillis, ElectionMillis: f.electionMillis,
		WaitMillis: f.waitMillis, UncertainAfterMillis: f.uncertainAfterMillis, AbsentMillis: f.nodeTimeoutMillis,
		MaxEntryBytes: int(f.maxEntryBytes), JournalFileBytes: int64(f.journalFileBytes),
		SnapshotLogBytes: f.snapshotEvery(), SnapshotBytesPerSecond: int64(f.snapshotRate),
		MaxHistoryBytes: int64(f.backlog()),
		Secret:          secret, Dial: routes.dialer(), Clock: f.clock.clock(s.logger), Logger: s.logger,
	}, nil
}

func (s *server) limits() resp.Limits {
	return resp.Limits{
		MaxClients: s.flags.maxClients, MaxEntryBytes: int(s.flags.maxEntryBytes), MaxOutputBytes: int(s.flags.outputBytes),
		IdleTimeout: s.flags.idleTimeout(),
	}
}

// settings are the flags as CONFIG GET shows them. The password is none of them.
func (s *server) settings() []resp.Setting {
	f := s.flags
	return []resp.Setting{
		{Name: "bind", Value: f.bind},
		{Name: "cluster-node-timeout", Value: strconv.Itoa(f.nodeTimeoutMillis)},
		{Name: "dir", Value: f.absoluteDirectory()},
		{Name: "port", Value: strconv.Itoa(f.port)},
		{Name: "raft.cluster-view", Value: f.clusterView().String()},
		{Name: "raft.election-millis", Value: strconv.Itoa(f.electionMillis)},
		{Name: "raft.heartbeat-millis", Value: strconv.Itoa(f.heartbeatMillis)},
		{Name: "raft.journal-file-bytes", Value: f.journalFileBytes.number()},
		{Name: "raft.leader-wait-millis", Value: strconv.Itoa(f.waitMillis)},
		{Name: "raft.peer-port", Value: strconv.Itoa(f.peerPort)},
		{Name: "raft.redirect", Value: f.redirect.String()},
		{Name: "repl-backlog-size", Value: f.backlog().number()},
		{Name: "raft.snapshot-bytes-per-second", Value: f.snapshotRate.number()},
		{Name: "raft.snapshot-log-bytes", Value: f.snapshotLogBytes.number()},
		{Name: "raft.uncertain-after-millis", Value: strconv.Itoa(f.uncertainAfterMillis)},
	}
}

// handOverPeriod is how long a node that stops tries to give leadership away. An attempt takes milliseconds, or an
// election timeout if the voter that was chosen does not answer.
const handOverPeriod = 2 * time.Second

// close stops the node in the order in which its parts need each other: nobody waits for a change of the members, which
// may take longer than stopping; leadership goes to another node, so that nobody
// has to wait for an election; no new clients, and replies to those that wait as far as ctx allows, for which this node
// passes their commands on to the new leader; then the node. What it still holds ends as the library says.
func (s *server) close(ctx context.Context) error {
	s.store.changes.stop() // the cluster goes on with them
	s.handOver(ctx)
	cut := s.front.Close(ctx)
	err := s.node.Close()
	if cut != nil {
		s.logger.Warn("clients were cut off while they waited for replies", "error", cut)
		// What they waited for has ended with the node.
		if closing := s.front.Close(context.Background()); err == nil {
			err = closing
		}
	}
	return err
}

func (s *server) handOver(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, handOverPeriod)
	defer cancel()
	if err := s.node.HandOver(ctx); err != nil {
		s.logger.Warn("stopping without having handed leadership over: the others will elect", "error", err)
	}
}

// listen takes a port, and says of the most common failure what to do about it.
func listen(flag, host string, port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", address.Join(host, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %d on %s is taken by another process: stop it, or choose another with --%s",
			port, host, flag)
	case err != nil:
		return nil, fmt.Errorf("--bind %s --%s %d: %w", host, flag, port, err)
	}
	return listener, nil
}

// openError sorts the errors of opening: after damage nobody should simply try again.
func openError(err error) error {
	var log *journal.CorruptionError
	var state *snapshot.CorruptionError
	if errors.As(err, &log) || errors.As(err, &state) {
		return &fatalError{err}
	}
	return err
}
