package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/profile"
	"github.com/raftredis/raftredis/internal/reactor"
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal"
)

// server is a node with its front end, as it runs.
type server struct {
	config *Config
	logger *slog.Logger
	// options open the node.
	options consensus.Options
	node    *node
	store   *store
	front   *resp.Server
	// loop is what the node and its clients share; nil: goroutines serve them.
	loop *reactor.Reactor
	// waiting tells what the node is doing before it serves.
	waiting console.Waiting
	// broken receives the error of a listener that ended by itself.
	broken chan error
	// asked receives what a client wants that says SHUTDOWN: true to stop without handing leadership over.
	asked chan bool
	// abrupt says that leadership is not handed over.
	abrupt bool
}

// wire lets clients in, before the node is opened: they are told at once that it loads. It takes both ports first: a
// node that cannot serve must not touch the directory.
func wire(c *Config, logger *slog.Logger, stop <-chan os.Signal) (*server, error) {
	all := places(c.bind)
	clients, err := listen("port", all, c.port, logger, stop)
	if err != nil {
		return nil, err
	}
	peers, err := listen("peer-port", all, c.peerPort, logger, stop)
	if err != nil {
		clients.Close()
		return nil, err
	}
	s := &server{
		config: c, logger: logger, node: newNode(), broken: make(chan error, 1), asked: make(chan bool, 1),
	}
	if err := s.assemble(peers); err != nil {
		clients.Close()
		peers.Close()
		s.closeLoop()
		return nil, err
	}
	go func() {
		if err := s.front.Serve(clients); err != nil {
			s.broken <- fmt.Errorf("clients can no longer connect: %w", err)
		}
	}()
	return s, nil
}

// serveProfiles lets programs of this machine ask what the process does, for as long as it runs, if --pprof is given.
func (c *Config) serveProfiles(logger *slog.Logger) error {
	if c.profileAddress == "" {
		return nil
	}
	listener, err := profile.Listen(c.profileAddress)
	if err != nil {
		return fmt.Errorf("--pprof %s: %w", c.profileAddress, err)
	}
	logger.Info("profiles are served", "address", "http://"+listener.Addr().String()+"/debug/pprof/")
	go func() { logger.Warn("profiles are no longer served", "error", profile.Serve(listener)) }()
	return nil
}

// assemble makes everything but the node: its key space, its options, and the front end.
func (s *server) assemble(peers net.Listener) (err error) {
	space, changes := newMachine(s.config), &relay{}
	space.Watch(changes)
	s.store = newStore(s.node, space, changes)
	s.store.config = s.config
	if s.options, err = s.consensusOptions(); err != nil {
		return err
	}
	s.store.own, s.store.logger = ownAddresses(&s.options), s.logger
	if err := s.config.checkPeersDoor(peers.Addr(), s.options.Secret); err != nil {
		return err
	}
	s.options.PeerListener, s.options.Machine = peers, space
	s.options.Late, s.options.Events, s.options.Progress = changes.Late, changes.NodeChanged, s.store.loading.progressed
	s.options.Hurry = changes.memoryIsTight
	s.store.alike = newAlike(s.config, s.logger)
	if s.loop, err = newLoop(s.config.eventLoop); err != nil {
		return err
	}
	front := s.config.frontOptions()
	s.options.Reactor, front.Reactor = s.loop, s.loop
	front.Store, front.Node, front.Saver, front.Watch = s.store, s.store, &saver{node: s.node}, changes.server.Store
	front.Loading, front.Logger, front.Shutdown = &s.store.loading.on, s.logger, s.askToStop
	s.front, err = resp.New(front)
	return err
}

// newLoop is the loop that the node and its clients share; nil if it is not wanted, or the system has no means for one.
func newLoop(wanted bool) (*reactor.Reactor, error) {
	if !wanted {
		return nil, nil
	}
	loop, err := reactor.New()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return loop, err
}

// open opens the node, unless it is open, which may take long. It gives up when ctx ends.
func (s *server) open(ctx context.Context) error {
	if s.node.isOpen() {
		return nil
	}
	library, err := consensus.OpenContext(ctx, s.options)
	if err != nil {
		s.options.PeerListener.Close() // the library may not have come as far
		return openError(s.config.node.Directory, err)
	}
	s.node.open(library)
	s.store.look()
	go s.store.alike.watch(s.store.changes.ctx, library)
	return nil
}

// consensusOptions are those of the configuration, and what takes a file or a logger.
func (s *server) consensusOptions() (o consensus.Options, err error) {
	o = s.config.node
	if o.Secret, err = readSecret(s.config.secretFile); err != nil {
		return o, err
	}
	routes, err := parseRoutes(s.config.peerRoutes)
	if err != nil {
		return o, err
	}
	o.JoinSecret = joinSecret(&s.config.tuning.Password)
	o.Dial, o.Logger = routes.dialer(), s.logger
	o.Clock = wrongClock(s.config.clockOffset, s.config.clockOffsetFile, s.logger)
	o.Lookup = hosts(s.config.hostsFile).lookup()
	return o, nil
}

// askToStop passes on that a client said SHUTDOWN. More than one is no more.
func (s *server) askToStop(now bool) {
	select {
	case s.asked <- now:
	default:
	}
}

// handOverPeriod is how long a node that stops tries to give leadership away. An attempt takes milliseconds, or an
// election timeout if the voter that was chosen does not answer.
const handOverPeriod = 2 * time.Second

// close stops the node in the order in which its parts need each other:
//
//  1. Waits for changes of the members end: a change may take longer than the stop, and the cluster goes on with it.
//  2. Leadership goes to another node, which spares clients an election.
//  3. No new clients. Those that wait get their replies, from the new leader, as long as ctx allows.
//  4. The node. What it still holds ends as the library says.
//  5. The loop that served both.
func (s *server) close(ctx context.Context) error {
	s.store.changes.stop()
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
	s.closeLoop()
	return err
}

func (s *server) closeLoop() {
	if s.loop != nil {
		s.loop.Close()
	}
}

func (s *server) handOver(ctx context.Context) {
	if s.abrupt {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, handOverPeriod)
	defer cancel()
	if err := s.node.HandOver(ctx); err != nil {
		s.logger.Warn("stopping without having handed leadership over: the others will elect", "error", err)
	}
}

// openError sorts the errors of opening: after damage a restart must wait for a person.
func openError(directory string, err error) error {
	var log *wal.CorruptionError
	var state *snapshot.CorruptionError
	if errors.As(err, &log) || errors.As(err, &state) {
		return &exit.FatalError{Err: err}
	}
	return directoryError(directory, err)
}
