package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	// StartLimit is how long servers may take to serve, and a cluster to have a leader; stopLimit how long a server may
	// take to stop before it is killed.
	StartLimit = time.Minute
	stopLimit  = 30 * time.Second
	// replyLimit is how long a question to a server may take.
	replyLimit = 10 * time.Second
	// pollPeriod is the time between two looks at what is waited for.
	pollPeriod = 20 * time.Millisecond
	// maxLastWords is how much of a log is shown.
	maxLastWords = 2 << 10
)

// Server is a process that answers clients on a port of this machine.
type Server struct {
	Name string
	Port int

	command *exec.Cmd
	log     string
}

// Launch says how a server is started.
type Launch struct {
	// Name is that of the server, and of its log in Parent.
	Name, Parent string
	// Port is where it will answer.
	Port int
	// Program is a path, or a name in the PATH. Environment has NAME=value, beside what this process has.
	Program     string
	Args        []string
	Environment []string
}

// Start starts a server. The end of ctx tells it to stop; Wait returns when it has.
func Start(ctx context.Context, l Launch) (*Server, error) {
	s := &Server{Name: l.Name, Port: l.Port, log: filepath.Join(l.Parent, l.Name+".log")}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has a copy
	s.command = exec.CommandContext(ctx, l.Program, l.Args...)
	s.command.Env = append(os.Environ(), l.Environment...)
	s.command.Stdout, s.command.Stderr = log, log
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	s.command.WaitDelay = stopLimit
	return s, s.command.Start()
}

// Wait returns when the process, which was told to stop, has ended.
func (s *Server) Wait() { _ = s.command.Wait() }

// Kill ends the process as kill -9 does. Wait has to follow.
func (s *Server) Kill() { _ = s.command.Process.Kill() } // it may have ended

// Ask sends a command. A reply that is an error counts as one.
func (s *Server) Ask(args ...string) (text string, err error) {
	c, err := client.Connect(fmt.Sprintf("127.0.0.1:%d", s.Port), replyLimit)
	if err != nil {
		return "", err
	}
	defer c.Close()
	reply, err := c.Do(args...)
	switch {
	case err != nil:
		return "", err
	case reply.Kind == '-':
		return "", errors.New(reply.Text)
	}
	return reply.Text, nil
}

// LastWords are the ends of the logs of servers, as an error.
func LastWords(all ...*Server) error {
	var logged []error
	for _, s := range all {
		if text, err := os.ReadFile(s.log); err == nil && len(text) > 0 {
			logged = append(logged, fmt.Errorf("%s: … %s", s.Name, text[max(0, len(text)-maxLastWords):]))
		}
	}
	return errors.Join(logged...)
}

// Poll tries until there is no error, for StartLimit.
func Poll(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, StartLimit)
	defer cancel()
	ticker := time.NewTicker(pollPeriod)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}
