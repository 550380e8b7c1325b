package playground

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/raftredis/raftredis/internal/console"
)

// How a child is kept from outliving its playground, whatever happens to it:
//
//	the playground ends in order      it sends SIGTERM to each child, waits, and kills what is left
//	the playground is killed (-9)     on Linux the kernel kills the children: they asked for it (PR_SET_PDEATHSIG);
//	                                  everywhere the pipe that the child reads (its lifeline) ends, and it stops itself
//	Ctrl-C, also under `go run`       the terminal signals the playground's process group. The children have groups of
//	                                  their own, so only the playground is told, and the first line applies
//	`go run` is killed                the playground notices that its parent has changed, and the first line applies
//
// The kernel takes the end of the *thread* that made a child for the end of the parent. Go ends threads when it likes
// to, so the goroutine that starts children is locked to its thread until the process ends: see playground.

// lifelineDescriptor is the first of exec.Cmd.ExtraFiles in the child.
const lifelineDescriptor = 3

// child is a node in a process of its own. People know it by its port: the number that the cluster gives it depends on
// who asks to join first.
type child struct {
	port int
	args []string
	cmd  *exec.Cmd
	// lifeline is the end of the pipe that is never written to.
	lifeline *os.File
}

// childEvent is news of a child: it is ready, or it has ended and err says how.
type childEvent struct {
	child *child
	ended bool
	err   error
}

// start runs the child. Its log goes to log, line by line; events get its news. It is called on the playground's locked
// goroutine only.
func (c *child) start(program string, log io.Writer, events chan<- childEvent) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close() // the child has a copy
	c.lifeline = write
	c.cmd = exec.Command(program, c.args...)
	c.cmd.ExtraFiles = []*os.File{read}
	c.cmd.SysProcAttr = childAttributes()
	stdout, errOut := c.cmd.StdoutPipe()
	stderr, errErr := c.cmd.StderrPipe()
	if err := errors.Join(errOut, errErr); err != nil {
		write.Close()
		return err
	}
	if err := c.cmd.Start(); err != nil {
		write.Close()
		return err
	}
	go c.watch(stdout, stderr, log, events)
	return nil
}

// watch reads what the child says until it has ended. Wait comes last: it closes the pipes.
func (c *child) watch(stdout, stderr io.Reader, log io.Writer, events chan<- childEvent) {
	var reading sync.WaitGroup
	reading.Go(func() {
		eachLine(stdout, func(line string) {
			if strings.HasPrefix(line, "ready") {
				events <- childEvent{child: c}
			}
		})
	})
	reading.Go(func() {
		eachLine(stderr, func(line string) { fmt.Fprintf(log, "%d: %s\n", c.port, line) })
	})
	reading.Wait()
	err := c.cmd.Wait()
	c.lifeline.Close()
	events <- childEvent{child: c, ended: true, err: err}
}

// eachLine calls visit with each line, cut where it is longer than a line of the log may be.
func eachLine(r io.Reader, visit func(line string)) {
	lines := bufio.NewReaderSize(r, console.MaxLineBytes)
	for {
		line, _, err := lines.ReadLine()
		if err != nil {
			return // the child closed its end
		}
		visit(string(line))
	}
}
