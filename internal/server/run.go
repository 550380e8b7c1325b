package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/exit"
)

const (
	// drainPeriod is how long a stop waits for the commands of clients that are under way.
	drainPeriod = 5 * time.Second
	// StopPeriod bounds a whole stop; then the process ends anyway.
	StopPeriod = 20 * time.Second
	// startStopPeriod and startDrainPeriod are the same for a node that does not serve yet, or that loads: what it does
	// can be cut short.
	startStopPeriod, startDrainPeriod = 600 * time.Millisecond, 300 * time.Millisecond
	// sameStop is the time within which two signals mean one stop: timeout(1), and some service managers, signal a
	// process and then its process group.
	sameStop = 500 * time.Millisecond
)

// Run runs a node until it is told to stop. It says on out when the node serves, and writes everything else to log.
func (c *Config) Run(out, log io.Writer) error {
	if err := c.complete(); err != nil {
		return err
	}
	if err := checkDirectory(c.node.Directory); err != nil {
		return err
	}
	// A reader of our output that goes away must not end the node by a signal.
	signal.Ignore(syscall.SIGPIPE)
	destination, err := c.destination(log)
	if err != nil {
		return err
	}
	output := console.NewWriter(destination)
	defer output.Flush()
	logger := slog.New(slog.NewTextHandler(output, &slog.HandlerOptions{Level: level(c.logLevel)}))
	stop := StopSignals()
	hangups(destination, logger)
	defer c.notePID(logger)()
	if len(c.unused) > 0 {
		logger.Info("these settings of Redis have no meaning here and are not used", "file", c.file, "settings", c.unused)
	}
	if !c.given[c.row("dir")] {
		logger.Info("no --dir was given: using the default", "dir", c.node.Directory)
	}
	if err := c.fitDescriptors(logger); err != nil {
		return err
	}
	c.fitMemory(logger)
	if err := c.serveProfiles(logger); err != nil {
		return err
	}
	s, err := wire(c, logger, stop)
	if errors.Is(err, errStopped) {
		return nil
	}
	if err != nil {
		return err
	}
	s.waiting = console.Waiting{Logger: logger, Output: output, Began: time.Now()}
	go s.die()
	return s.run(stop, lifeline(c.lifelineDescriptor), out)
}

// StopSignals delivers the signals that ask for a stop: SIGTERM, SIGINT, and more. Of several within sameStop the first
// counts.
func StopSignals(more ...os.Signal) <-chan os.Signal {
	signals := append([]os.Signal{syscall.SIGTERM, syscall.SIGINT}, more...)
	received := make(chan os.Signal, 2) // a second one is meant too
	signal.Notify(received, signals...)
	return distinct(received, time.Now)
}

// distinct drops a signal that comes within sameStop of the one before.
func distinct(received <-chan os.Signal, now func() time.Time) <-chan os.Signal {
	stop := make(chan os.Signal)
	go func() {
		var last time.Time
		for s := range received {
			if at := now(); last.IsZero() || at.Sub(last) >= sameStop {
				last = at
				stop <- s
			}
		}
	}()
	return stop
}

// die waits for the node to fail and ends the process. The node serves no client any more then, so die waits for
// nothing but the last lines of the log, for a bounded time.
func (s *server) die() {
	<-s.node.opened
	library := s.node.library.Load()
	<-library.Done()
	err := library.Err()
	if errors.Is(err, consensus.ErrClosed) {
		return
	}
	s.logger.Error("the node must not go on: read this before you start it again", "error", err)
	s.waiting.Output.Flush()
	os.Exit(exit.Fatal)
}

// run opens the node and serves until something ends it, and says when serving begins.
func (s *server) run(stop <-chan os.Signal, parentGone <-chan struct{}, out io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opened, ready := make(chan error, 1), make(chan error, 1)
	go func() { opened <- s.open(ctx) }()
	manager := newNotifier()
	defer manager.close()
	manager.tell("READY=1") // clients are answered: whether they are served is another question
	progress, disk := time.NewTicker(console.ProgressMoves), time.NewTicker(stallLook)
	defer progress.Stop()
	defer disk.Stop()
	defer s.waiting.End()
	for {
		select {
		case now := <-progress.C:
			stage := s.obstacle()
			s.waiting.Show(stage, now)
			manager.status(stage.String())
		case now := <-disk.C:
			s.store.stall.look(s.node.Status(), now)
		case err := <-opened:
			opened = nil
			if err != nil {
				return s.shut(stop, nil, err)
			}
			go func() { ready <- s.node.library.Load().WaitServing(ctx) }()
		case err := <-ready:
			if err != nil { // if the node has failed, shut says so
				return s.shut(stop, nil, fmt.Errorf("while waiting to serve: %w", err))
			}
			progress.Stop()
			s.waiting.End()
			ready = nil
			s.announce(out)
			manager.status("serving")
		case received := <-stop:
			s.logger.Info("stopping", "signal", received)
			manager.tell("STOPPING=1")
			cancel()
			return s.shut(stop, opened, nil)
		case s.abrupt = <-s.asked:
			s.logger.Info("stopping: a client said SHUTDOWN")
			manager.tell("STOPPING=1")
			cancel()
			return s.shut(stop, opened, nil)
		case <-parentGone:
			s.logger.Info("stopping: the process that started this node has ended")
			cancel()
			return s.shut(stop, opened, nil)
		case err := <-s.broken:
			cancel()
			return s.shut(stop, opened, err)
		}
	}
}

// announce says that linearizable reads are answered.
func (s *server) announce(out io.Writer) {
	s.store.serving.Store(true)
	s.store.look()
	c, status := s.config, s.node.Status()
	fmt.Fprintf(out, "ready: clients on %s, peers on %s, node %d of %d, cluster %016x\n",
		joined(c.bind, c.port), joined(c.bind, c.peerPort), status.ID,
		len(status.Configuration.Members), status.ClusterID)
	switch {
	case c.tuning.Password.Load() != "" || !exposed(places(c.bind)):
	case c.tuning.Protected.Load():
		s.logger.Warn("there is no password, so only clients of this machine are served: set --requirepass, or " +
			"--protected-mode no where the network keeps others out")
	default:
		s.logger.Warn("anyone who reaches the port can read and write: set --requirepass, or --bind a private address")
	}
}

// joined are the addresses of --bind with a port, for people.
func joined(bind []string, port int) string {
	var all []string
	for _, p := range places(bind) {
		all = append(all, address.Join(p.host, port))
	}
	return strings.Join(all, " and ")
}

// obstacle says what the node waits for before it serves.
func (s *server) obstacle() console.Stage {
	status := s.node.Status()
	obstacle := obstacleOf(status)
	switch {
	case !s.node.isOpen():
		return s.store.loading.stage()
	case obstacle != nil:
		return console.Stage{Text: s.config.obstacleText(status, obstacle)}
	case status.Blank:
		return console.Stage{Text: s.config.blankText(status)}
	case status.InstallFrom != 0:
		return s.store.loading.stage()
	case status.Leader == 0:
		return console.Stage{Text: "waiting for a leader: a majority of the cluster's nodes must run"}
	}
	return console.Stage{
		Text: "waiting to catch up with the leader", Done: status.AppliedIndex, Total: status.CommitIndex, What: "entries",
	}
}

// shut stops the node. opening gets the result of opening it; it is nil if that is over. cause is the error that made
// the node stop; nil if none did. A second signal, or the end of the period, ends the process as kill -9 would, which
// loses nothing that was acknowledged. If the node has failed, however the stop began, that is the error: a service
// manager must not take it for a clean stop.
func (s *server) shut(stop <-chan os.Signal, opening <-chan error, cause error) error {
	s.store.stopping.Store(true)
	period, drain := StopPeriod, drainPeriod
	starting := !s.store.serving.Load() || s.store.loading.on.Load()
	if starting {
		period, drain = startStopPeriod, startDrainPeriod
	}
	closed := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), drain)
		defer cancel()
		if opening != nil {
			<-opening // it was told to end
		}
		closed <- s.close(ctx)
	}()
	limit := time.NewTimer(period)
	defer limit.Stop()
	select {
	case err := <-closed:
		if cause == nil && err != nil {
			cause = fmt.Errorf("stopping: %w", err)
		}
	case <-stop:
		cause = fmt.Errorf("stopped by a second signal before everything was closed")
	case <-limit.C:
		if starting { // files are made or read: that is cut short, and begun again at the next start
			s.logger.Info("stopped before the start was complete")
			break
		}
		cause = fmt.Errorf("not everything could be closed within %v", period)
	}
	if err := s.node.Err(); err != nil && !errors.Is(err, consensus.ErrClosed) {
		return &exit.FatalError{Err: err} // die may be waiting for the reader of the log: the code is the same
	}
	return cause
}

// lifeline watches a pipe whose other end the parent holds, and closes the channel when that end is closed. Without a
// pipe the channel stays open.
func lifeline(descriptor int) <-chan struct{} {
	gone := make(chan struct{})
	if descriptor == 0 {
		return gone
	}
	pipe := os.NewFile(uintptr(descriptor), "lifeline")
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, pipe) // however it ends, the parent is gone
	}()
	return gone
}
