package resp

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/raftredis/raftredis/resp/topology"
)

// Transcripts are conversations: what a client sends and what it gets. Every one is replayed with each message whole,
// byte by byte, and in random pieces; the replies must not differ. To write the replies anew: go test ./resp -rewrite.
// Commit only what you understand.
//
//	new [option=value ...]                      a fresh store and connection; see start for the options
//	connect                                     another connection to the same store
//	outcome done|not-done|uncertain|overloaded  how runs end from now on
//	send                                        lines, each sent with CRLF; Go's escapes are understood
//	raw                                         lines as they are, joined by nothing; Go's escapes are understood
//	command                                     each line is a command of words in Go's quotes or without, as an array
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata/transcripts", func(t *testing.T, path string) {
		for _, mode := range []string{"whole", "byte by byte", "random pieces"} {
			t.Run(mode, func(t *testing.T) {
				play := &transcript{t: t, mode: mode, random: rand.New(rand.NewPCG(3, 0))}
				datadriven.RunTest(t, path, play.directive)
			})
		}
	})
}

type transcript struct {
	t      *testing.T
	mode   string
	random *rand.Rand
	store  *fakeStore
	server *Server
	client *client
}

func (p *transcript) directive(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "new":
		p.start(d)
	case "connect":
		p.client = newClient(t, p.server)
	case "outcome":
		p.outcome(d)
	case "send":
		return p.say(unescapeLines(t, d, "\r\n"))
	case "raw":
		return p.say(unescapeLines(t, d, ""))
	case "command":
		var input string
		for _, text := range strings.Split(d.Input, "\n") {
			input += bulk(quotedWords(t, d, text)...)
		}
		return p.say(input)
	default:
		d.Fatalf(t, "unknown directive %q", d.Cmd)
	}
	return ""
}

func (p *transcript) start(d *datadriven.TestData) {
	p.store = newFakeStore(p.t)
	o := Options{Store: p.store}
	for _, arg := range d.CmdArgs {
		value := arg.Vals[0]
		number, _ := strconv.Atoi(value)
		switch arg.Key {
		case "password":
			o.Tuning = withPassword(value)
		case "entry":
			o.Limits.MaxEntryBytes = number
		case "calls":
			o.Limits.MaxRunCalls = number
		case "role":
			p.store.info.Role, p.store.info.Leader = value, map[string]uint64{"follower": 2}[value]
		case "view":
			o.ClusterView, _ = topology.ParseView(value)
		case "redirect":
			o.RedirectMoved = value == "moved"
		case "absent": // a voter
			p.store.info.node(uint64(number)).Absent = true
		case "leaving": // a voter
			p.store.info.node(uint64(number)).Leaving = true
		case "removed": // this node
			p.store.info.State, p.store.info.Role, p.store.info.Leader = "removed", "follower", 2
			p.store.info.Nodes = p.store.info.Nodes[number:]
		case "votes": // a node
			p.store.info.node(uint64(number)).Voter = true
		case "self": // a node
			p.store.info.NodeID, p.store.info.Name = uint64(number), fakeName(uint64(number))
		case "state":
			p.store.info.State = topology.State(value)
		case "blank":
			p.store.info = fakeInfo{Name: fakeName(9), State: "joining", Role: "follower"}
		default:
			d.Fatalf(p.t, "unknown option %q", arg.Key)
		}
	}
	p.server = testServer(p.t, o)
	p.client = newClient(p.t, p.server)
}

func (p *transcript) outcome(d *datadriven.TestData) {
	outcomes := map[string]Outcome{"not-done": NotDone, "uncertain": Uncertain, "overloaded": Overloaded}
	outcome, ends := outcomes[d.CmdArgs[0].Key]
	p.store.finish = nil
	if ends {
		p.store.finish = func(r *Request) { r.Complete(outcome) }
	}
}

// say sends the input in the pieces of the mode and returns the replies, one line for each line of the protocol.
func (p *transcript) say(input string) string {
	var output string
	switch p.mode {
	case "whole":
		output = p.client.send(input)
	case "byte by byte":
		for i := range len(input) {
			output += p.client.send(input[i : i+1])
		}
	default:
		output = p.client.sendPieces(p.random, input)
	}
	lines := strings.SplitAfter(output, "\r\n")
	var shown strings.Builder
	for _, text := range lines[:len(lines)-1] {
		quoted := strconv.Quote(strings.TrimSuffix(text, "\r\n"))
		shown.WriteString(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`) + "\n")
	}
	if rest := lines[len(lines)-1]; rest != "" {
		shown.WriteString(strconv.Quote(rest) + " (no line end)\n")
	}
	if p.client.ended {
		shown.WriteString("(closed)\n")
	}
	return mask(shown.String())
}

// mask hides what differs from run to run.
func mask(text string) string {
	for _, name := range []string{
		"go_version", "process_id", "server_time_usec", "uptime_in_seconds", "uptime_in_days", "os", "executable",
		`used_memory(?:_human|_rss.*|_peak.*|_overhead|_startup|_heap|_live|_dataset.*)?`,
		`used_cpu_\w+`, `total_system_memory\w*`,
		`allocator_\w+`, `rss_overhead_\w+`, `mem_fragmentation_\w+`, "mem_clients_normal",
		"total_net_input_bytes", "total_net_output_bytes", "rdb_last_save_time",
	} {
		text = regexp.MustCompile(`(?m)^(`+name+`):.+$`).ReplaceAllString(text, "$1:*")
	}
	return regexp.MustCompile(`(?m)^(\$|=)\d{3,}$`).ReplaceAllString(text, "$1*")
}

func unescapeLines(t *testing.T, d *datadriven.TestData, end string) string {
	var input strings.Builder
	for _, text := range strings.Split(d.Input, "\n") {
		unescaped, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
		if err != nil {
			d.Fatalf(t, "%s: %v", text, err)
		}
		input.WriteString(unescaped + end)
	}
	return input.String()
}

var wordPattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\S+`)

func quotedWords(t *testing.T, d *datadriven.TestData, text string) []string {
	words := wordPattern.FindAllString(text, -1)
	for i, word := range words {
		if word[0] == '"' {
			unquoted, err := strconv.Unquote(word)
			if err != nil {
				d.Fatalf(t, "%s: %v", word, err)
			}
			words[i] = unquoted
		}
	}
	return words
}

// neutralTimes hides what INFO says about moments and sizes.
func neutralTimes(output string) string {
	return mask(strings.ReplaceAll(output, "\r\n", "\n"))
}
