package resp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

// fakeStore is a Store on one map. It checks what every store may rely on, and ends requests when the test says.
type fakeStore struct {
	fakeFacts
	t testing.TB

	mu sync.RWMutex
	// values are the keys of database 0, databases those of others.
	values    map[string][]byte
	databases map[int]map[string][]byte
	// puts counts writes of keys, versions has the number of the last of each key.
	puts     uint64
	versions map[string]uint64
	// weights are what Weigh says of database 0 beside what is stored.
	weights map[string]int
	info    fakeInfo
	// bodies are the entries in the order in which they were executed.
	bodies [][]byte
	// views counts calls of View; viewsRefused is how many of the next ones say that the state must move on.
	views, viewsRefused int

	// changed is called with every key that is written, under the lock; nil is not.
	changed func(key string, run *command.Run)
	// applied is called behind each entry, under the lock; nil is not.
	applied func()
	// published is called with every message, under the lock; nil is not.
	published func(channel, message []byte, sharded bool) int
	// running is the run that is being executed.
	running *command.Run

	// finish is called with every submitted request, outside the lock, and ends it now or later; nil ends it at once.
	finish func(r *Request)

	// takeOver is what TakeOver answers, takeOvers how often it was called.
	takeOver  error
	takeOvers int
	// handOvers are the periods with which HandOver was called.
	handOvers []time.Duration

	// change is called with every change of the members, outside the lock, and ends it now or later; nil makes it at once.
	change func(r *ChangeRequest)
	// changes are all that were submitted, forsaken those that were abandoned, joined where Join was told to ask.
	changes, forsaken []*ChangeRequest
	joined            []string
	join              error

	// stateless says that WATCH finds no state.
	stateless bool
	// settled says that the first sequence of the first session was executed.
	settled bool
	// phases is what Phases answers.
	phases    Phases
	pending   []*Request
	abandoned []*Request
}

func newFakeStore(t testing.TB) *fakeStore {
	s := &fakeStore{t: t, values: make(map[string][]byte), versions: make(map[string]uint64), info: fakeInfo{
		NodeID: 1, Name: fakeName(1), ClusterID: 7, State: "up", Role: "leader", Leader: 1,
		Term: 3, VotedFor: 1, Commit: 42, Applied: 41, LastIndex: 43, LogEntries: 43,
		Nodes: []topology.Node{
			{ID: 1, Name: fakeName(1), Host: "10.0.0.1", Port: 7001, PeerPort: 17001, Voter: true, Up: true, Match: 43},
			{ID: 2, Name: fakeName(2), Host: "10.0.0.2", Port: 7002, PeerPort: 17002, Voter: true, Up: true, Match: 40},
			{ID: 3, Name: fakeName(3), Host: "10.0.0.3", Port: 7003, PeerPort: 17003, Voter: false, Up: false, Match: 9},
		},
		Fields: []Field{{"raft_fsync_count", "12"}},
	}}
	s.now = s.known
	s.databases = map[int]map[string][]byte{}
	for number := 1; number < command.MaxDatabases; number++ {
		s.databases[number] = map[string][]byte{}
	}
	return s
}

// fakeName is the name of a node: 40 digits, the last of which are its number.
func fakeName(id uint64) string { return fmt.Sprintf("0123456789abcdef0123456789abcdef%08x", id) }

func (s *fakeStore) Write(r *Request) { s.submit(r, true) }
func (s *fakeStore) Read(r *Request)  { s.submit(r, false) }

func (s *fakeStore) submit(r *Request, write bool) {
	if r.Run.HasWrite() != write || (len(r.Body) > 0) != write {
		s.t.Errorf("a run with writes=%v was submitted as write=%v with a body of %d bytes",
			r.Run.HasWrite(), write, len(r.Body))
	}
	if want := r.Run.Body(nil, argv.Append); write && !bytes.Equal(want, r.Body) {
		s.t.Errorf("body %q, want %q", r.Body, want)
	}
	if cap(r.Body) != len(r.Body) {
		s.t.Errorf("a body of %d bytes has room for %d", len(r.Body), cap(r.Body))
	}
	if s.finish == nil {
		s.done(r)
		return
	}
	s.finish(r)
}

// park keeps requests until release.
func (s *fakeStore) park(r *Request) {
	s.mu.Lock()
	s.pending = append(s.pending, r)
	s.mu.Unlock()
}

// next takes the oldest pending request.
func (s *fakeStore) next() *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		s.t.Fatal("nothing is submitted")
	}
	r := s.pending[0]
	s.pending = s.pending[1:]
	return r
}

func (s *fakeStore) pendingCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}

// done executes a run with writes, and ends any run.
func (s *fakeStore) done(r *Request) {
	if r.Run.HasWrite() {
		s.mu.Lock()
		s.bodies = append(s.bodies, r.Body)
		s.execute(&r.Run)
		if s.applied != nil {
			s.applied()
		}
		s.mu.Unlock()
	}
	r.Complete(Done)
}

func (s *fakeStore) View(r *Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views++
	if s.viewsRefused > 0 {
		s.viewsRefused--
		r.Run.Reply = append(r.Run.Reply, "what is appended here is not looked at"...)
		return false
	}
	s.execute(&r.Run)
	return true
}

// Weigh knows what is stored, as the machine does.
func (s *fakeStore) Weigh(database int, key []byte) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if database > 0 {
		return len(s.databases[database][string(key)])
	}
	return len(s.values[string(key)]) + s.weights[string(key)]
}

// Settled knows the first sequence of the first session.
func (s *fakeStore) Settled(session, sequence uint64) bool {
	return s.settled && session == 1 && sequence == 1
}

func (s *fakeStore) Phases(*Request) Phases { return s.phases }

func (s *fakeStore) Abandon(r *Request) {
	s.mu.Lock()
	s.abandoned = append(s.abandoned, r)
	dropped := false
	for i, waiting := range s.pending {
		if waiting == r {
			s.pending = append(s.pending[:i], s.pending[i+1:]...)
			dropped = true
			break
		}
	}
	s.mu.Unlock()
	if dropped {
		r.Complete(NotDone)
	}
}

func (s *fakeStore) abandonedCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.abandoned)
}

// known is what the node knows now.
func (s *fakeStore) known() fakeInfo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	info := s.info
	info.Keys = int64(len(s.values))
	return info
}

// execute answers every call of a run at its place.
func (s *fakeStore) execute(run *command.Run) {
	s.running = run
	begin := len(run.Reply)
	if run.Head != nil {
		for rest := run.Head[1:]; len(rest) > 0; {
			w, following, ok := command.NextWatched(rest)
			if !ok {
				s.t.Errorf("the head of a transaction is %q", run.Head)
				return
			}
			if rest = following; s.versions[string(w.Key)] > w.Index {
				run.Reply = reply.NullArray(run.Reply, run.Protocol)
				return
			}
		}
		run.Reply = reply.ArrayHeader(run.Reply, len(run.Calls))
	}
	values := s.values
	if run.Database > 0 {
		values = s.databases[run.Database]
	}
	for i := range run.Calls {
		call := &run.Calls[i]
		if call.Spec == nil {
			run.Reply = append(run.Reply, call.Fixed...)
			continue
		}
		if call.Spec == node.Select {
			if number, _ := strconv.Atoi(string(call.Args[1])); number > 0 {
				values = s.databases[number]
			} else {
				values = s.values
			}
			run.Reply = reply.OK(run.Reply)
			continue
		}
		run.Reply = s.call(values, run.Reply, run.Protocol, call)
		if run.WantsFill {
			if run.Head != nil {
				run.Reply = run.Reply[:begin]
			} else {
				run.Left = len(run.Calls) - i
			}
			return
		}
	}
}

func (s *fakeStore) call(values map[string][]byte, dst []byte, protocol int, call *command.Call) []byte {
	args := call.Args
	switch call.Spec {
	case data.Set:
		s.put(values, args[1], bytes.Clone(args[2]))
		return reply.OK(dst)
	case data.Get:
		return appendValue(values, dst, protocol, args[1])
	case data.MGet:
		dst = reply.ArrayHeader(dst, len(args)-1)
		for _, key := range args[1:] {
			dst = appendValue(values, dst, protocol, key)
		}
		return dst
	case data.MSet:
		for i := 1; i+1 < len(args); i += 2 {
			s.put(values, args[i], bytes.Clone(args[i+1]))
		}
		return reply.OK(dst)
	case data.Incr:
		n, _ := strconv.Atoi(string(values[string(args[1])]))
		s.put(values, args[1], strconv.AppendInt(nil, int64(n+1), 10))
		return reply.Integer(dst, int64(n+1))
	case data.Append:
		value := append(bytes.Clone(values[string(args[1])]), args[2]...)
		s.put(values, args[1], value)
		return reply.Integer(dst, int64(len(value)))
	case data.Publish, data.SPublish:
		receivers := 0
		if s.published != nil {
			receivers = s.published(args[1], args[2], call.Spec == data.SPublish)
		}
		return reply.Integer(dst, int64(receivers))
	case data.Strlen:
		return reply.Integer(dst, int64(len(values[string(args[1])])))
	case data.DBSize:
		return reply.Integer(dst, int64(len(values)))
	case data.PTTL:
		return reply.Integer(dst, -1)
	case data.Dump: // here the value
		return appendValue(values, dst, protocol, args[1])
	case data.Del:
		if s.running.Head != nil { // MIGRATE's
			delete(values, string(args[1]))
			return reply.Integer(dst, 1)
		}
	case node.Watch:
		s.running.Watched = s.running.Watched[:0]
		if s.stateless {
			return reply.Error(dst, reply.Loading)
		}
		for _, key := range args[1:] {
			_, present := values[string(key)]
			s.running.Watched = append(s.running.Watched, command.Watched{
				Database: s.running.Database, Key: key, Index: s.puts, Present: present,
			})
		}
		return reply.OK(dst)
	case data.PFCount: // here the length of the value; behind it stands that it was counted
		value := values[string(args[1])]
		length := len(bytes.TrimSuffix(value, counted))
		switch {
		case length < len(value) || len(args) > 2:
		case call.Filling:
			s.put(values, args[1], append(bytes.Clone(value), counted...))
		case s.running.MayFill:
			s.running.WantsFill = true
			return dst
		}
		return reply.Integer(dst, int64(length))
	case data.RaftLogRead: // here the value, or a wait for one
		if len(values[string(args[2])]) == 0 && s.running.MayWait {
			millis, _ := strconv.ParseInt(string(args[len(args)-1]), 10, 64)
			s.running.Waiting = command.Waiting{Wanted: true, Millis: millis}
		}
		return appendValue(values, dst, protocol, args[2])
	}
	return reply.Error(dst, "ERR not in the fake store")
}

// counted is what PFCOUNT keeps of its answer.
var counted = []byte("!")

func (s *fakeStore) put(values map[string][]byte, key, value []byte) {
	values[string(key)] = value
	s.puts++
	s.versions[string(key)] = s.puts
	if s.changed != nil {
		s.changed(string(key), s.running)
	}
}

func appendValue(values map[string][]byte, dst []byte, protocol int, key []byte) []byte {
	value, ok := values[string(key)]
	if !ok {
		return reply.Null(dst, protocol)
	}
	return reply.Bulk(dst, value)
}

// client drives a Conn without a socket.
type client struct {
	t    testing.TB
	conn *Conn
	// wakes counts completions; output is everything sent.
	wakes  int
	output []byte
	ended  bool
}

func (s *fakeStore) HandOver(period time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handOvers = append(s.handOvers, period)
}

func (s *fakeStore) TakeOver() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeOvers++
	return s.takeOver
}

func newClient(t testing.TB, s *Server) *client {
	c := &client{t: t}
	c.conn = newConn(s, socket{}, func() { c.wakes++ })
	return c
}

// fakeNode is the node of options that do not have one: their store, which plays both.
func fakeNode(o Options) Node {
	if o.Node != nil {
		return o.Node
	}
	return o.Store.(Node)
}

// testServer makes what connections share, as New does.
func testServer(t testing.TB, o Options) *Server {
	limits := o.Limits.withDefaults()
	if err := limits.validate(); err != nil {
		t.Fatal(err)
	}
	o.Version = "0.0.1"
	o.Node = fakeNode(o)
	o = withSettings(o, limits)
	f := newServer(o, limits)
	f.sessions.lastID = 4
	return f
}

// advance does what the connection asks until it wants bytes, waits or ends.
func (c *client) advance() Action {
	for {
		action := c.conn.Advance()
		if action != Park {
			c.output = append(c.output, c.conn.Output()...)
			c.conn.Flushed()
		}
		if action != Flush {
			c.ended = c.ended || action == Close
			return action
		}
	}
}

// send delivers bytes, as many at a time as the connection takes, and returns what came out.
func (c *client) send(input string) string {
	for len(input) > 0 && !c.ended {
		if action := c.advance(); action != Receive {
			if action == Close {
				break
			}
			c.t.Fatalf("the connection does not receive: it says %d", action)
		}
		n := copy(c.conn.Space(), input)
		c.conn.Received(n)
		input = input[n:]
		c.advance()
	}
	return c.take()
}

func (c *client) take() string {
	output := string(c.output)
	c.output = c.output[:0]
	return output
}

// sendPieces delivers bytes in random pieces.
func (c *client) sendPieces(random *rand.Rand, input string) string {
	var output string
	for len(input) > 0 && !c.ended {
		n := 1 + random.IntN(min(len(input), 1+random.IntN(64)))
		output += c.send(input[:n])
		input = input[n:]
	}
	return output
}

// bulk is a command as clients encode it.
func bulk(words ...string) string {
	text := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		text = fmt.Appendf(text, "$%d\r\n%s\r\n", len(word), word)
	}
	return string(text)
}

// bulkText is one bulk string as servers encode it.
func bulkText(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

func itoa(n int) string { return strconv.Itoa(n) }
