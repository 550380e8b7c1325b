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
	"github.com/raftredis/raftredis/resp"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal"
)

// server is a node with its front end, as it runs.
type server struct {
	config *Config
	logger *slog.Logger
	node   *consensus.Node
	store  *store
	front  *resp.Server
	// waiting tells what the node is doing before it serves.
	waiting console.Waiting
	// broken receives the error of a listener that ended by itself.
	broken chan error
}

// wire puts a node together and lets clients in. It takes both ports first: a node that cannot serve must not touch the
// directory.
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
	s := &server{config: c, logger: logger, broken: make(chan error, 1)}
	if err := s.open(peers); err != nil {
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
func (s *server) open(peers net.Listener) error {
	options, err := s.consensusOptions()
	if err != nil {
		return err
	}
	options.PeerListener = peers
	space := newMachine()
	changes := &relay{}
	space.Watch(changes)
	options.Machine, options.Late, options.Events = space, changes.Late, changes.NodeChanged
	options.Hurry = changes.memoryIsTight
	if s.node, err = consensus.Open(options); err != nil {
		return openError(s.config.node.Directory, err)
	}
	s.store = newStore(s.node, space, changes)
	front := s.config.frontOptions()
	front.Store, front.Node, front.Saver, front.Watch = s.store, s.store, &saver{node: s.node}, changes.server.Store
	front.Logger = s.logger
	if s.front, err = resp.New(front); err != nil {
		return errors.Join(err, s.node.Close())
	}
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
	o.Dial, o.Clock, o.Logger = routes.dialer(), offsetClock(s.config.clockOffset, s.logger), s.logger
	o.Lookup = hosts(s.config.hostsFile).lookup()
	return o, nil
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
	return err
}

func (s *server) handOver(ctx context.Context) {
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
