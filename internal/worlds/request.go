package worlds

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// Request is a run of commands that a client sends all at once.
type Request struct {
	calls []call
	// timed requests have answers that depend on the time, of which the model knows nothing.
	timed bool
}

// ends is a request to set a key that ends by itself, or to look at one.
func ends(c call) *Request { return &Request{calls: []call{c}, timed: true} }

// Commands makes a request from lines such as "SET k v".
func Commands(lines ...string) *Request {
	r := &Request{}
	for _, line := range lines {
		words := append(strings.Fields(line), "")
		r.calls = append(r.calls, call{name: words[0], key: words[1], value: words[2]})
	}
	return r
}

// Timed is the same request, left out of the model because its answers depend on the time.
func (r *Request) Timed() *Request { return &Request{calls: r.calls, timed: true} }

// Reads implements workload.Request.
func (r *Request) Reads() bool {
	for _, c := range r.calls {
		if c.name != "GET" {
			return false
		}
	}
	return true
}

// call is one command on one key. option, unless it is empty, is when the key ends, in the words of SET.
type call struct{ name, key, value, option, end string }

func (c call) args() [][]byte {
	args := [][]byte{[]byte(c.name), []byte(c.key)}
	if c.value != "" {
		args = append(args, []byte(c.value))
	}
	if c.option != "" {
		args = append(args, []byte(c.option), []byte(c.end))
	}
	return args
}

func (c call) String() string {
	return strings.TrimSpace(strings.Join([]string{c.name, c.key, c.value, c.option, c.end}, " "))
}

// Run is one attempt at a request.
type Run struct {
	*Request
	run *command.Run
	// replies are nil unless the client has them.
	replies []string
}

// markName begins the key that each written run deletes at its end. The key never exists: all it does is to carry the
// run's number through the log, so that the checkers know the run again wherever it turns up.
const markName = "batch:"

// Begin implements workload.Request: a run that writes has one call more than the client's, which carries the number.
func (r *Request) Begin(number int) workload.Run {
	calls := r.calls
	if !r.Reads() {
		calls = append(calls[:len(calls):len(calls)], call{name: "DEL", key: markName + strconv.Itoa(number)})
	}
	run := &Run{Request: r, run: &command.Run{Protocol: 2}}
	for _, c := range calls {
		args := c.args()
		spec, fault := command.Find(args)
		if fault != command.NoFault {
			panic("worlds: a client sends what is no command: " + c.String())
		}
		run.run.Calls = append(run.run.Calls, command.Call{Spec: spec, Args: args})
	}
	return run
}

// Body implements workload.Run.
func (r *Run) Body() []byte { return r.run.Body(nil, argv.Append) }

// Local implements workload.Run.
func (r *Run) Local() any { return r.run }

// Replies are the answers to the client's commands, as they go over the wire.
func (r *Run) Replies() []string { return r.replies }

// Answered implements workload.Run: there is one reply for each command, and the mark was not there before.
func (r *Run) Answered() error {
	replies, ok := splitReplies(r.run.Reply)
	if !ok || len(replies) != len(r.run.Calls) {
		return fmt.Errorf("answer %q", r.run.Reply)
	}
	if r.replies = replies[:len(r.calls)]; !r.Reads() && replies[len(r.calls)] != ":0\r\n" {
		return fmt.Errorf("the mark of a batch was there before")
	}
	return nil
}

// String implements workload.Run.
func (r *Run) String() string {
	var s strings.Builder
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

// splitReplies cuts encoded replies into single ones: those of the kinds that strings have.
func splitReplies(b []byte) (replies []string, ok bool) {
	for len(b) > 0 {
		end := bytes.Index(b, []byte("\r\n")) + 2
		if end < 2 {
			return nil, false
		}
		if b[0] == '$' {
			length, err := strconv.Atoi(string(b[1 : end-2]))
			if err != nil {
				return nil, false
			}
			if length >= 0 {
				end += length + 2
			}
		}
		if end > len(b) {
			return nil, false
		}
		replies = append(replies, string(b[:end]))
		b = b[end:]
	}
	return replies, true
}
