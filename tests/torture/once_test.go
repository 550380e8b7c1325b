package torture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// How many clients of each library count through RAFT.ONCE, and how many counters they have.
const (
	onceGoRedis  = 6
	onceRedisPy  = 5
	onceIoredis  = 5
	onceCounters = 4
	// clientScripts are the drivers of libraries of other languages.
	clientScripts = "../clients/testdata"
)

// onceClients is a workload: clients of three libraries, each with its default options, increment counters through
// RAFT.ONCE at one node after the other, and send again what has no answer. Now and then they send again what has one.
type onceClients struct {
	// programs run clients of libraries of other languages.
	programs []onceProgram
	// directory has the journals.
	directory string
	tally     torture.OnceTally
}

// onceProgram is a process that ends when its standard input does and all that it sent has an answer.
type onceProgram struct {
	library string
	process *blackbox.Process
	input   io.Closer
}

// startOnceClients starts the programs. They know the nodes by the addresses given.
func startOnceClients(t *testing.T, seed uint64, addresses []string) *onceClients {
	t.Helper()
	w := &onceClients{directory: t.TempDir()}
	for _, p := range []struct {
		library, script string
		command         func(testing.TB, string, ...string) *exec.Cmd
		first, clients  int
	}{
		{"redis-py", "torture-once.py", blackbox.Python, onceGoRedis, onceRedisPy},
		{"ioredis", "torture-once.js", blackbox.JavaScript, onceGoRedis + onceRedisPy, onceIoredis},
	} {
		command := p.command(t, clientScripts, p.script, w.journal(p.library), strconv.FormatUint(seed, 10),
			strconv.Itoa(p.first), strconv.Itoa(p.clients), strconv.Itoa(onceCounters), strings.Join(addresses, ","))
		input, err := command.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		w.programs = append(w.programs, onceProgram{p.library, blackbox.Start(t, p.library, command), input})
	}
	return w
}

// journal is where clients of a library write.
func (w *onceClients) journal(library string) string { return filepath.Join(w.directory, library) }

// Keys are the counters.
func (w *onceClients) Keys() (names []string) {
	for i := range onceCounters {
		names = append(names, fmt.Sprint("once", i))
	}
	return names
}

// Work counts until the run is over.
func (w *onceClients) Work(ctx context.Context, f *torture.Field) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	file, err := os.Create(w.journal("go-redis"))
	if err != nil {
		return err
	}
	journal := &onceJournal{to: file}
	var clients sync.WaitGroup
	for id := range onceGoRedis {
		clients.Go(func() {
			if err := newOnceClient(f, journal, id).work(ctx); err != nil {
				cancel(fmt.Errorf("go-redis.%d: %w", id, err))
			}
		})
	}
	clients.Wait()
	for _, p := range w.programs {
		if err := p.end(ctx, f.Limit+clientsLimit); err != nil {
			cancel(err)
		}
	}
	return errors.Join(context.Cause(ctx), file.Close())
}

// clientsLimit is how long clients may take to end when the cluster is whole, with a library that waits before it
// connects again, on a busy machine.
const clientsLimit = 60 * time.Second

// end lets a program finish, and waits until it has.
func (p onceProgram) end(ctx context.Context, limit time.Duration) error {
	p.input.Close()
	ended := blackbox.Poll(limit, func() bool { return p.process.Ended() || ctx.Err() != nil })
	switch {
	case !ended:
		return fmt.Errorf("%s has not ended: what it sent has no answer, and nothing is broken", p.library)
	case !p.process.Ended():
		return context.Cause(ctx)
	}
	if code := p.process.ExitCode(blackbox.StopLimit); code != 0 {
		return fmt.Errorf("%s ended with exit code %d:\n%s", p.library, code, p.process.Err())
	}
	return nil
}

// Verify reads the counters and the journals.
func (w *onceClients) Verify(ctx context.Context, f *torture.Field) error {
	c, finals := newOnceClient(f, nil, onceGoRedis), map[string]int64{}
	defer c.leave()
	for _, key := range w.Keys() {
		answer, err := c.insist(ctx, "GET", key)
		if err != nil {
			return err
		}
		if finals[key], err = strconv.ParseInt(strings.TrimPrefix(answer, ":"), 10, 64); err != nil {
			return fmt.Errorf("GET %s was answered %s", key, answer)
		}
	}
	var j torture.OnceJournal
	for _, library := range []string{"go-redis", "redis-py", "ioredis"} {
		text, err := os.ReadFile(w.journal(library))
		if err != nil {
			return err
		}
		if err := j.Read(bytes.NewReader(text)); err != nil {
			return fmt.Errorf("the journal of %s: %w", library, err)
		}
	}
	var err error
	w.tally, err = j.Check(finals)
	return err
}

// String says how often commands were sent.
func (w *onceClients) String() string {
	return fmt.Sprintf("once: %d commands executed, %d attempts without an answer, %d replies from memory, %d too old",
		w.tally.Commands, w.tally.Lost, w.tally.Replays, w.tally.Refused)
}

// onceJournal is a journal that several clients write.
type onceJournal struct {
	mu sync.Mutex
	to io.Writer
}

func (j *onceJournal) line(words ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintln(j.to, words...)
}

// onceClient is a client of go-redis: see torture-once.py for what it does.
type onceClient struct {
	name     string
	field    *torture.Field
	journal  *onceJournal
	rng      *rand.Rand
	client   *redis.Client
	sequence int
	// sent are the commands that have an answer, by session and sequence.
	sent map[[2]int64][]any
}

const (
	// onceTTLMillis is how long a session lives without a command, onceKept how many of a session that is opened for this
	// are sent again until the end.
	onceTTLMillis = 600_000
	onceKept      = 8
	onceBatch     = 6
	oncePause     = 100 * time.Millisecond
	onceRetry     = 40 * time.Millisecond
)

func newOnceClient(f *torture.Field, j *onceJournal, id int) *onceClient {
	return &onceClient{
		name: fmt.Sprint("go-redis.", id), field: f, journal: j, rng: rand.New(rand.NewPCG(f.Seed, uint64(1000+id))),
		sent: map[[2]int64][]any{},
	}
}

func (c *onceClient) leave() {
	if c.client != nil {
		c.client.Close()
		c.client = nil
	}
}

// connection is the present one, or one to another node. It has the default options of the library, which itself sends
// some of what was not answered again.
func (c *onceClient) connection() *redis.Client {
	if c.client == nil {
		c.client = redis.NewClient(&redis.Options{Addr: c.field.Addresses[c.rng.IntN(len(c.field.Addresses))]})
	}
	return c.client
}

// ask sends some commands at once, and returns their answers in the words of the journal; "" for what has none.
func (c *onceClient) ask(ctx context.Context, commands ...[]any) []string {
	pipeline := c.connection().Pipeline()
	var results []*redis.Cmd
	for _, command := range commands {
		results = append(results, pipeline.Do(ctx, command...))
	}
	_, _ = pipeline.Exec(ctx) // each result has its own error
	answers := make([]string, len(commands))
	for i, result := range results {
		if answers[i] = answerIn(result); answers[i] == "" {
			c.leave()
		}
	}
	return answers
}

// answerIn is the answer to a command in the words of the journal; "" if it must be sent again.
func answerIn(result *redis.Cmd) string {
	value, err := result.Result()
	var reply redis.Error
	switch {
	case err == nil:
		return fmt.Sprint(":", value)
	case !errors.As(err, &reply):
		return ""
	}
	switch word, _, _ := strings.Cut(reply.Error(), " "); word {
	case "UNCERTAIN", "CLUSTERDOWN", "TRYAGAIN", "LOADING", "MOVED":
		return ""
	}
	return "-" + strings.Join(strings.Fields(reply.Error()), " ")
}

func (c *onceClient) pause(ctx context.Context, bound time.Duration) error {
	return c.field.Wait(ctx, time.Duration(c.rng.Int64N(int64(bound))))
}

// insist sends a command until it has an answer.
func (c *onceClient) insist(ctx context.Context, command ...any) (string, error) {
	for {
		if answer := c.ask(ctx, command)[0]; answer != "" {
			return answer, nil
		}
		if err := c.pause(ctx, onceRetry); err != nil {
			return "", err
		}
	}
}

func (c *onceClient) open(ctx context.Context) (session int64, err error) {
	answer, err := c.insist(ctx, "RAFT.SESSION", "OPEN", "TTL", onceTTLMillis)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimPrefix(answer, ":"), 10, 64)
}

// execute sends sequences, in any order, until each has an answer.
func (c *onceClient) execute(ctx context.Context, session int64, low, high int) error {
	var waiting [][]any
	for sequence := low; sequence <= high; sequence++ {
		counter := fmt.Sprint("once", c.rng.IntN(onceCounters))
		c.journal.line("first", c.name, session, sequence, counter)
		waiting = append(waiting, []any{"RAFT.ONCE", session, sequence, "INCR", counter})
	}
	for len(waiting) > 0 {
		c.rng.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
		var left [][]any
		for i, answer := range c.ask(ctx, waiting...) {
			sequence := waiting[i][2].(int)
			if answer == "" {
				c.journal.line("lost", c.name, session, sequence)
				left = append(left, waiting[i])
				continue
			}
			c.journal.line("reply", c.name, session, sequence, answer)
			c.sent[[2]int64{session, int64(sequence)}] = waiting[i]
		}
		if waiting = left; len(waiting) > 0 {
			if err := c.pause(ctx, onceRetry); err != nil {
				return err
			}
		}
	}
	return nil
}

// again sends once more, to another node, one of the sequences from low to high, all of which have answers.
func (c *onceClient) again(ctx context.Context, session int64, low, high int) error {
	c.leave()
	sequence := low + c.rng.IntN(high-low+1)
	answer, err := c.insist(ctx, c.sent[[2]int64{session, int64(sequence)}]...)
	if err == nil {
		c.journal.line("again", c.name, session, sequence, answer)
	}
	return err
}

func (c *onceClient) work(ctx context.Context) error {
	defer c.leave()
	session, err := c.open(ctx)
	if err != nil {
		return err
	}
	kept, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := c.execute(ctx, kept, 1, onceKept); err != nil {
		return err
	}
	for !c.field.Over() {
		if err := c.round(ctx, session, kept); err != nil {
			return err
		}
	}
	for sequence := range onceKept {
		if err := c.again(ctx, kept, sequence+1, sequence+1); err != nil {
			return err
		}
	}
	return nil
}

// round executes some more, and now and then sends again what is in the window, behind it, or long ago.
func (c *onceClient) round(ctx context.Context, session, kept int64) error {
	low := c.sequence + 1
	c.sequence += 1 + c.rng.IntN(onceBatch)
	if err := c.execute(ctx, session, low, c.sequence); err != nil {
		return err
	}
	if c.rng.IntN(5) == 0 {
		if err := c.again(ctx, session, max(1, c.sequence-torture.OnceWindow+1), c.sequence); err != nil {
			return err
		}
	}
	if c.rng.IntN(20) == 0 && c.sequence > torture.OnceWindow {
		if err := c.again(ctx, session, 1, c.sequence-torture.OnceWindow); err != nil {
			return err
		}
	}
	if c.rng.IntN(20) == 0 {
		if err := c.again(ctx, kept, 1, onceKept); err != nil {
			return err
		}
	}
	return c.pause(ctx, oncePause)
}
