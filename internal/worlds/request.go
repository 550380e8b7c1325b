package worlds

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
)

// Request is a run of commands that a client sends all at once.
type Request struct {
	calls []call
	// database is the one in which the client is; a call of SELECT in a transaction chooses another one.
	database int
	// timed requests have answers that depend on the time, drawn ones are anything that the machine takes. The model
	// knows nothing of either: they are judged by checkEnds and by the replay of the log.
	timed, drawn bool
	// protocol is the version of RESP that the client speaks.
	protocol int
	// learns is the client that has to know the reply, nil for none.
	learns *client
	// opened is told of sessions that the request opened; it may be nil.
	opened func(session int64)
	// head, if not nil, says that the request is a transaction: see command.Run.Head.
	head [][]byte
	// watching is the client that has to know what the request, whose last call is WATCH, has found; nil for none.
	watching *client
	// classified says that onlyReads is known: see Reads.
	classified, onlyReads bool
}

// ends is a request in a database to set a key that ends by itself, or to look at one.
func ends(database int, words ...string) *Request {
	return &Request{calls: []call{words}, database: database, timed: true, protocol: 2}
}

// Commands makes a request from lines such as "SET k v".
func Commands(lines ...string) *Request {
	r := &Request{protocol: 2}
	for _, line := range lines {
		r.calls = append(r.calls, strings.Fields(line))
	}
	return r
}

// Timed is the same request, left out of the model because its answers depend on the time.
func (r *Request) Timed() *Request {
	return &Request{calls: r.calls, database: r.database, timed: true, protocol: r.protocol}
}

// each visits the calls of a request that the model knows, as it has them, each with the name of its keys there: see
// nameOf. The name of SWAPDB, which concerns all movers, is "". It leaves out SELECT, which says in which database the
// calls behind it are.
func (r *Request) each(visit func(i int, c call, name string)) {
	database := r.database
	for i, c := range r.calls {
		switch {
		case c[0] == "SELECT":
			database, _ = strconv.Atoi(c[1])
		case c[0] == "SWAPDB":
			visit(i, c, "")
		case isMover(c[1]):
			visit(i, c.asPair(database), nameOf(database, c[1]))
		default:
			visit(i, c, nameOf(database, c[1]))
		}
	}
}

// modelled reports whether the model knows the answers.
func (r *Request) modelled() bool { return !r.timed && !r.drawn }

// Reads implements workload.Request. The world asks again and again, so the first answer is kept.
func (r *Request) Reads() bool {
	if !r.classified {
		r.classified, r.onlyReads = true, r.callsOnlyRead()
	}
	return r.onlyReads
}

func (r *Request) callsOnlyRead() bool {
	for _, c := range r.calls {
		args := c.args()
		spec, fault := commands.Find(args)
		if made := (command.Call{Spec: spec, Args: args}); fault == command.NoFault && made.IsWrite() {
			return false
		}
	}
	return true
}

// call is one command: its words, name first.
type call []string

// args are the words as a connection has them: all in one buffer.
func (c call) args() [][]byte {
	length := 0
	for _, word := range c {
		length += len(word)
	}
	args, all := make([][]byte, len(c)), make([]byte, 0, length)
	for i, word := range c {
		begin := len(all)
		all = append(all, word...)
		args[i] = all[begin:len(all):len(all)]
	}
	return args
}

func (c call) String() string {
	text := strings.Join(c, " ")
	if quoted := strconv.Quote(text); len(quoted) != len(text)+2 {
		return quoted
	}
	return text
}

// Run is one attempt at a request.
type Run struct {
	*Request
	run *command.Run
	// replies are nil unless the client has them and the model knows what they mean.
	replies []string
	// executed says of a transaction that it was: of one of unknown fate the replay of the log does.
	executed bool
}

// markName begins the key that each written run deletes at its end. The key never exists: all it does is to carry the
// run's number through the log, so that the checkers know the run again wherever it turns up.
const markName = "batch:"

// refusal stands for what a connection answers without asking the machine.
const refusal = "-ERR refused\r\n"

// Begin implements workload.Request: a run that writes has one call more than the client's, which carries the number.
func (r *Request) Begin(number int) workload.Run {
	calls := r.calls
	if !r.Reads() {
		calls = append(calls[:len(calls):len(calls)], call{"DEL", markName + strconv.Itoa(number)})
	}
	run := &Run{Request: r, run: &command.Run{Protocol: r.protocol, Database: r.database, Head: r.head}}
	for _, c := range calls {
		args := c.args()
		spec, fault := commands.Find(args)
		switch {
		case fault == command.NoFault:
			run.run.Calls = append(run.run.Calls, command.Call{Spec: spec, Args: args})
		case r.drawn:
			run.run.Calls = append(run.run.Calls, command.Call{Fixed: []byte(refusal)})
		default:
			panic("worlds: a client sends what is no command: " + c.String())
		}
	}
	return run
}

// Body implements workload.Run.
func (r *Run) Body() []byte { return r.run.Body(nil, argv.Append) }

// Local implements workload.Run.
func (r *Run) Local() any { return r.run }

// Replies are the answers to the client's commands, as they go over the wire.
func (r *Run) Replies() []string { return r.replies }

// markReply is the reply to the call that carries the run's number.
const markReply = ":0\r\n"

// Answered implements workload.Run: there is one reply for each command, and the mark was not there before.
func (r *Run) Answered() error {
	if !r.Reads() && string(r.run.Reply) != nullTransaction && !bytes.HasSuffix(r.run.Reply, []byte(markReply)) {
		return fmt.Errorf("the mark of a batch was there before: %q", r.run.Reply)
	}
	if r.drawn {
		r.tellOpened()
		return nil // the replay of the log knows the answer; long values are copied only there, long after this
	}
	if r.head != nil {
		return r.answeredTransaction()
	}
	r.run.Join()
	replies, ok := splitReplies(r.run.Reply)
	if !ok || len(replies) != len(r.run.Calls) {
		return fmt.Errorf("answer %q", r.run.Reply)
	}
	r.replies = replies[:len(r.calls)]
	if r.watching != nil {
		r.watching.watch(r.run.Watched)
	}
	if r.learns != nil {
		r.learns.learn(r.calls[0], r.replies[0])
	}
	return nil
}

// tellOpened tells the client which sessions its run opened.
func (r *Run) tellOpened() {
	replies := r.run.Reply
	for i := range r.run.Calls {
		if r.run.Calls[i].Spec == data.RaftSessionOpen && r.opened != nil && r.run.Long.Bytes() == 0 {
			line, _, _ := bytes.Cut(replies, []byte("\r\n"))
			if session, err := strconv.ParseInt(string(bytes.TrimPrefix(line, []byte(":"))), 10, 64); err == nil {
				r.opened(session)
			}
		}
		replies = reply.Skip(replies)
	}
}

// String implements workload.Run.
func (r *Run) String() string {
	var s strings.Builder
	if r.database != 0 {
		fmt.Fprintf(&s, " in database %d", r.database)
	}
	for i, c := range r.calls {
		fmt.Fprintf(&s, " | %v", c)
		if i < len(r.replies) {
			fmt.Fprintf(&s, " -> %q", r.replies[i])
		}
	}
	return s.String()
}

// NumberOf implements workload.Workload.
func (KeySpace) NumberOf(body []byte) (int, bool) {
	var last [][]byte
	for len(body) > 0 {
		args, rest, err := argv.Next(body, nil)
		if err != nil {
			return 0, false
		}
		last, body = args, rest
	}
	if len(last) != 2 || !bytes.HasPrefix(last[1], []byte(markName)) {
		return 0, false
	}
	number, err := strconv.Atoi(string(last[1][len(markName):]))
	return number, err == nil
}

// splitReplies cuts encoded replies into single ones: those of the kinds that strings have, and arrays of them.
func splitReplies(b []byte) (replies []string, ok bool) {
	for len(b) > 0 {
		length, ok := replyLength(b)
		if !ok {
			return nil, false
		}
		replies = append(replies, string(b[:length]))
		b = b[length:]
	}
	return replies, true
}

// replyLength is the length of the first reply.
func replyLength(b []byte) (length int, ok bool) {
	length = bytes.Index(b, []byte("\r\n")) + 2
	if length < 2 {
		return 0, false
	}
	if b[0] != '$' && b[0] != '*' {
		return length, true
	}
	n, err := strconv.Atoi(string(b[1 : length-2]))
	switch {
	case err != nil:
		return 0, false
	case b[0] == '$' && n >= 0:
		return length + n + 2, length+n+2 <= len(b)
	case b[0] == '$':
		return length, true
	}
	for range max(n, 0) {
		element, ok := replyLength(b[length:])
		if !ok {
			return 0, false
		}
		length += element
	}
	return length, true
}
