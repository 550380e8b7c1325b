package fsm

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
)

func TestEachDataCommandHasExactlyOneFunction(t *testing.T) {
	attached := map[*command.Spec]int{data.RaftOnce: 1} // by New
	for _, f := range functions {
		attached[f.Of]++
		reads := f.Of.Class == command.Read || f.Of.ReadsIf != nil
		writes := f.Of.Class == command.Write || f.Of.Fills != nil
		if (f.Read != nil) != reads || (f.Write != nil) != writes {
			t.Errorf("%s of class %d: read function %v, write function %v", f.Of.Name, f.Of.Class, f.Read != nil, f.Write != nil)
		}
	}
	for s := range commands.Each() {
		want := 1
		if s.Class == command.Barrier {
			want = 0
		}
		if attached[s] != want {
			t.Errorf("%s of class %d has %d functions", s.Name, s.Class, attached[s])
		}
		delete(attached, s)
	}
	for s := range attached {
		t.Errorf("%s has a function and is in no family of commands", s.Name)
	}
}

func TestCommandsAnswer(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"get of nothing":      {"get a", "$-1"},
		"set then get":        {"set a 1; get a; strlen a; exists a a b", "+OK $1 1 :1 :2"},
		"set replaces":        {"set a 1; set a 22; get a; dbsize", "+OK +OK $2 22 :1"},
		"del counts once":     {"mset a 1 b 2; del a a b c; dbsize", "+OK :2 :0"},
		"mget":                {"mset a 1 c 3; mget a b c", "+OK *3 $1 1 $-1 $1 3"},
		"mset last wins":      {"mset a 1 a 2; get a", "+OK $1 2"},
		"mset odd":            {"mset a 1 b; dbsize", "-ERR wrong number of arguments for 'mset' command :0"},
		"append":              {"append a x; append a yz; get a", ":1 :3 $3 xyz"},
		"counters":            {"incr n; incrby n 41; decr n; decrby n 1; get n", ":1 :42 :41 :40 $2 40"},
		"not a number":        {"set a x; incr a; get a", "+OK -ERR value is not an integer or out of range $1 x"},
		"not a delta":         {"incrby a 1x; exists a", "-ERR value is not an integer or out of range :0"},
		"no leading zero":     {"set a 01; incr a", "+OK -ERR value is not an integer or out of range"},
		"no plus":             {"incrby a +1", "-ERR value is not an integer or out of range"},
		"no minus zero":       {"incrby a -0", "-ERR value is not an integer or out of range"},
		"overflow":            {"set a 9223372036854775807; incr a", "+OK -ERR increment or decrement would overflow"},
		"underflow":           {"set a -9223372036854775808; decr a", "+OK -ERR increment or decrement would overflow"},
		"extremes":            {"incrby a -9223372036854775808; incrby a 9223372036854775807", ":-9223372036854775808 :-1"},
		"minimum decrement":   {"decrby a -9223372036854775808", "-ERR decrement would overflow"},
		"nx on nothing":       {"set a 1 nx; set a 2 NX; get a", "+OK $-1 $1 1"},
		"xx on nothing":       {"set a 1 xx; set a 1; set a 2 XX; get a", "$-1 +OK +OK $1 2"},
		"get option":          {"set a 1 get; set a 2 GET; get a", "$-1 $1 1 $1 2"},
		"nx get":              {"set a 1 nx get; set a 2 nx get; get a", "$-1 $1 1 $1 1"},
		"xx get":              {"set a 1 xx get; exists a; set a 1; set a 2 xx get; get a", "$-1 :0 +OK $1 1 $1 2"},
		"nx xx":               {"set a 1 nx xx", "-ERR syntax error"},
		"no such option":      {"set a 1 xyz", "-ERR syntax error"},
		"long option":         {"set a 1 keepttlkeepttl", "-ERR syntax error"},
		"expiry without time": {"set a 1 px", "-ERR syntax error"},
		"two expiries":        {"set a 1 ex 1 px 1", "-ERR syntax error"},
		"expiry and garbage":  {"set a 1 ex 1 garbage", "-ERR syntax error"},
		"keepttl with expiry": {"set a 1 keepttl ex 1", "-ERR syntax error"},
		"expiry with keepttl": {"set a 1 exat 1 keepttl", "-ERR syntax error"},
		"unknown":             {"nosuch a", "-ERR unknown command 'nosuch', with args beginning with: 'a'"},
		"arity":               {"get", "-ERR wrong number of arguments for 'get' command"},
	} {
		var lines []string
		for line := range strings.SplitSeq(c.script, ";") {
			lines = append(lines, strings.TrimSpace(line))
		}
		if got := script(newMachine(t), lines...); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.script, got, c.want)
		}
	}
}

func TestNullHasTheFormOfTheProtocol(t *testing.T) {
	m := newMachine(t)
	if got := doIn(m, 3, words("get a"), words("mget a b")); got != "_\r\n*2\r\n_\r\n_\r\n" {
		t.Errorf("queries answer %q", got)
	}
	if got := doIn(m, 3, words("set a 1 xx"), words("set a 1 get")); got != "_\r\n_\r\n" {
		t.Errorf("writes answer %q", got)
	}
}

func TestNoValueExceedsItsLimit(t *testing.T) {
	m := New(Options{MaxValueBytes: 4})
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	for _, step := range []struct{ line, want string }{
		{"set a 1234", "+OK"},
		{"set a 12345", tooLong},
		{"append a x", tooLong},
		{"append b 12345", tooLong},
		{"exists b", ":0"},
		{"mset c 1 d 12345", tooLong},
		{"exists c", ":0"},
		{"get a", "$4 1234"},
		{"append b 12", ":2"},
		{"append b 34", ":4"},
	} {
		if got := script(m, step.line); got != step.want {
			t.Errorf("%s: got %s, want %s", step.line, got, step.want)
		}
	}
}
