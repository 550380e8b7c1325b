package playground

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/client"
	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/server"
	"github.com/raftredis/raftredis/internal/setting"
)

const (
	maxNodes = 9
	// journalBytes is small, so that several nodes start fast and fit a laptop's disk.
	journalBytes = 16 << 20
	// snapshotLogBytes is small for the same reasons: it is kept on disk, and read again at a start.
	snapshotLogBytes = 16 << 20
	// askPeriod is how long the question who leads may take.
	askPeriod = time.Second
	// plainRunes mean nothing to a shell.
	plainRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+"
	// killAfter is a little longer than the time that a node allows itself to stop.
	killAfter = server.StopPeriod + 5*time.Second
)

// Options are what the playground runs. Define gives them their flags.
type Options struct {
	nodes, port int
	directory   string
	level       string
	verbose     bool
}

// Define defines the flags of the playground.
func (f *Options) Define(flags *pflag.FlagSet) {
	for _, row := range []*setting.Row{
		{
			Flag: "nodes", Unit: "nodes", Value: &setting.Int{At: setting.At(&f.nodes), Min: 1, Max: maxNodes}, Default: 3,
			Help: "how many nodes, 1 to 9",
		},
		{
			Flag: "port", Unit: "port", Default: 7001,
			Value: &setting.Int{At: setting.At(&f.port), Min: 1, Max: address.MaxPort},
			Help:  "port of the first node for clients; the others follow it",
		},
		{
			Flag: "dir", Unit: "directory", Names: setting.Directory, Value: &setting.Text{At: setting.TextAt(&f.directory)},
			Help: "directory for the data, kept at the end (default: a temporary one)",
		},
		{
			Flag: "log-level", Unit: "level", Default: "warn",
			Value: &setting.Choice{At: setting.TextAt(&f.level), Words: server.LogLevels()},
			Help:  "least important lines of the nodes' logs: debug, info, warn or error",
		},
		{
			Flag: "verbose", Value: &setting.YesNo{At: setting.SwitchAt(&f.verbose)},
			Help: "show what the nodes log, as --log-level info does",
		},
	} {
		row.Init()
		cli.Define(flags, row)
	}
}

// terminalEnd is the signal that the end of a terminal sends: a playground ends with its terminal, unless nohup asks it
// to stay.
func terminalEnd() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return nil
	}
	return []os.Signal{syscall.SIGHUP}
}

// Run runs the playground until it is told to stop, or no node is left.
func (f *Options) Run(out, log io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	// See child.go: children die with the thread that made them, so this one must last.
	runtime.LockOSThread()
	signal.Ignore(syscall.SIGPIPE)
	stop := server.StopSignals(terminalEnd()...)
	directory, remove, err := f.prepare()
	if err != nil {
		return err
	}
	defer remove()
	output := console.NewWriter(log)
	defer output.Flush()
	p := &cluster{flags: f, directory: directory, out: out, log: output, nodeLog: &nodeLog{to: output}}
	p.events = make(chan childEvent, 2*f.nodes)
	defer p.sayEnded()
	defer p.end(stop)
	if err := p.start(); err != nil {
		return err
	}
	return p.run(stop, goRunEnded())
}

func (f *Options) check() error {
	if f.verbose {
		f.level = "info"
	}
	last := f.port + f.nodes - 1
	if _, err := address.PeerPort(last); err != nil {
		return exit.WrongUsage("playground", "--port %d: %v; the highest that goes is %d",
			f.port, err, address.MaxPort-address.PeerPortDistance-f.nodes+1)
	}
	return nil
}

// shapeFile remembers, in a directory that is kept, what cannot be changed later: the nodes know each other by address.
const shapeFile = "playground"

// prepare makes the directory of the playground; remove undoes that if it is temporary.
func (f *Options) prepare() (directory string, remove func(), err error) {
	if f.directory == "" {
		directory, err = os.MkdirTemp("", "raftredis-playground-")
		return directory, func() { _ = os.RemoveAll(directory) }, err // it is in the system's place for rubbish
	}
	if err := os.MkdirAll(f.directory, 0o755); err != nil {
		return "", nil, err
	}
	shape := fmt.Sprintf("--nodes %d --port %d\n", f.nodes, f.port)
	path := filepath.Join(f.directory, shapeFile)
	made, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = renameio.WriteFile(path, []byte(shape), 0o644, renameio.WithTempDir(f.directory))
	case err == nil && string(made) != shape:
		err = fmt.Errorf("the cluster in %s was made with %s, and nodes know each other by address: "+
			"start it with these again, or take another --dir", f.directory, strings.TrimSpace(string(made)))
	}
	return f.directory, func() {}, err
}

// cluster is a running playground. One goroutine owns it. Writing to log never waits: the reader of the logs may stop,
// and the cluster must still stop when it is told to.
type cluster struct {
	flags     *Options
	directory string
	program   string
	out, log  io.Writer
	nodeLog   *nodeLog
	events    chan childEvent
	children  []*child
	running   int
	readied   int
}

// start starts all children.
func (p *cluster) start() error {
	var err error
	if p.program, err = os.Executable(); err != nil {
		return err
	}
	for position := range p.flags.nodes {
		port := p.flags.port + position
		c := &child{port: port, args: p.arguments(port)}
		if err := c.start(p.program, p.nodeLog, p.events); err != nil {
			return fmt.Errorf("start the node on port %d: %w", port, err)
		}
		fmt.Fprintf(p.log, "%d: process %d, %s\n", port, c.cmd.Process.Pid, p.nodeDirectory(port))
		p.children = append(p.children, c)
		p.running++
	}
	return nil
}

func (p *cluster) nodeDirectory(port int) string {
	return filepath.Join(p.directory, strconv.Itoa(port))
}

// arguments are the command line of a child.
func (p *cluster) arguments(port int) []string {
	return append(p.ownArguments(port), "--log-level", p.flags.level, "--lifeline-fd", strconv.Itoa(lifelineDescriptor))
}

// ownArguments are the part of it that a person would type to start the node alone. The first node makes the cluster,
// the others join it.
func (p *cluster) ownArguments(port int) []string {
	args := []string{
		"serve", "--port", strconv.Itoa(port), "--dir", p.nodeDirectory(port),
		"--journal-file-bytes", strconv.Itoa(journalBytes), "--snapshot-log-bytes", strconv.Itoa(snapshotLogBytes),
	}
	if port == p.flags.port {
		return append(args, "--bootstrap", "--expect", strconv.Itoa(p.flags.nodes))
	}
	return append(args, "--join", address.Join("127.0.0.1", p.flags.port))
}

// run follows the children until it is told to stop, or none is left.
func (p *cluster) run(stop <-chan os.Signal, parentGone <-chan struct{}) error {
	for {
		select {
		case event := <-p.events:
			if err := p.take(event); err != nil {
				return err
			}
		case received := <-stop:
			fmt.Fprintf(p.log, "playground: %v: stopping\n", received)
			return nil
		case <-parentGone:
			fmt.Fprintln(p.log, "playground: go run has ended: stopping")
			return nil
		}
	}
}

// take acts on news of a child. One that ends before all are ready never had a chance, and ends the playground.
func (p *cluster) take(event childEvent) error {
	port := event.child.port
	if !event.ended {
		if p.readied++; p.readied == len(p.children) {
			p.announce()
		} else if p.readied < len(p.children) {
			fmt.Fprintf(p.log, "playground: %d of %d nodes are ready\n", p.readied, len(p.children))
		}
		return nil
	}
	p.running--
	switch {
	case p.readied < len(p.children):
		return fmt.Errorf("the node on port %d ended before the cluster was ready (%s); its last lines above say why",
			port, howEnded(event.err))
	case p.running == 0:
		return errors.New("no node is left")
	}
	fmt.Fprintf(p.log, "playground: the node on port %d has ended (%s). To start it again, in another terminal:\n"+
		"  %s\n", port, howEnded(event.err), commandLine(append([]string{p.program}, p.ownArguments(port)...)))
	return nil
}

func howEnded(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// announce says that every node answers linearizable reads, in one line, and then what to do with it.
func (p *cluster) announce() {
	addresses := make([]string, len(p.children))
	for i, c := range p.children {
		addresses[i] = address.Join("127.0.0.1", c.port)
	}
	fmt.Fprintf(p.out, "ready: clients on %s\n", strings.Join(addresses, " "))
	fmt.Fprintf(p.out, "try:   redis-cli -p %d SET greeting hello\n       redis-cli -p %d GET greeting\n",
		p.flags.port, p.flags.port+len(p.children)-1)
	if leader := p.leader(); leader != nil {
		fmt.Fprintf(p.out, "       kill -9 %-6d ends the node on port %d, which leads: another takes over\n",
			leader.cmd.Process.Pid, leader.port)
	}
}

// leader is the child that leads, nil if none says so.
func (p *cluster) leader() *child {
	for _, c := range p.children {
		if leads(c.port) {
			return c
		}
	}
	return nil
}

// leads asks the node on a port whether it leads.
func leads(port int) bool {
	connection, err := client.Connect(address.Join("127.0.0.1", port), askPeriod)
	if err != nil {
		return false
	}
	defer connection.Close()
	said, err := connection.Do("INFO", "raft")
	return err == nil && strings.Contains(said.Text, "raft_role:leader\r\n")
}

// sayEnded is the last line.
func (p *cluster) sayEnded() {
	kept := "the data is gone with them: --dir keeps it"
	if p.flags.directory != "" {
		kept = "the data is kept in " + p.directory
	}
	fmt.Fprintf(p.log, "playground: all nodes have stopped; %s\n", kept)
}

// commandLine is what a person types into a shell.
func commandLine(words []string) string {
	var quoted []string
	for _, word := range words {
		if strings.ContainsFunc(word, func(r rune) bool { return !strings.ContainsRune(plainRunes, r) }) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		quoted = append(quoted, word)
	}
	return strings.Join(quoted, " ")
}

// nodeLog is the log of the nodes. Muted it says nothing: when all are told to stop, each misses the others, and that
// is no news.
type nodeLog struct {
	to    io.Writer
	muted atomic.Bool
}

// Write writes a line, unless the log is muted.
func (l *nodeLog) Write(line []byte) (int, error) {
	if l.muted.Load() {
		return len(line), nil
	}
	return l.to.Write(line)
}

// end stops all children and returns when none is left. A second signal kills them.
func (p *cluster) end(stop <-chan os.Signal) {
	p.nodeLog.muted.Store(!p.flags.verbose && p.readied >= len(p.children))
	p.signal(syscall.SIGTERM)
	patience := time.NewTimer(killAfter)
	defer patience.Stop()
	for p.running > 0 {
		select {
		case event := <-p.events:
			if event.ended {
				p.running--
			}
		case <-stop:
			p.signal(syscall.SIGKILL)
		case <-patience.C:
			fmt.Fprintln(p.log, "playground: killing the nodes that did not stop")
			p.signal(syscall.SIGKILL)
		}
	}
}

// signal signals all children; those that have ended cannot be, and need not.
func (p *cluster) signal(s syscall.Signal) {
	for _, c := range p.children {
		_ = c.cmd.Process.Signal(s)
	}
}
