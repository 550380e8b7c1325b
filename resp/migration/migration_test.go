package migration

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/command"
)

// enough is a timeout that no step of a test needs, short one that is waited for.
const (
	enough = "30000"
	short  = "50"
)

func words(line string) [][]byte {
	all := bytes.Fields([]byte(line))
	for i := range all {
		if string(all[i]) == `""` {
			all[i] = nil
		}
	}
	return all
}

func TestParse_TakesWhatRedisTakes(t *testing.T) {
	for _, c := range []struct {
		line, failure string
		want          Order
	}{
		{"migrate h 1 k 9 5000", "", Order{Keys: words("k"), Database: 9, Timeout: 5 * time.Second}},
		{"migrate h 1 k 0 0", "", Order{Keys: words("k"), Timeout: time.Second}},
		{"migrate h 1 k -1 -7", "", Order{Keys: words("k"), Database: -1, Timeout: time.Second}},
		{"migrate h 1 k 0 9223372036854775807", "", Order{Keys: words("k"), Timeout: 9223372036854 * time.Millisecond}},
		{"migrate h 1 k 0 1 CoPy REPLACE", "", Order{Keys: words("k"), Timeout: 1e6, Copy: true, Replace: true}},
		{"migrate h 1 k 0 1 AUTH p", "", Order{Keys: words("k"), Timeout: 1e6, Credentials: words("p")}},
		{"migrate h 1 k 0 1 AUTH keys", "", Order{Keys: words("k"), Timeout: 1e6, Credentials: words("keys")}},
		{"migrate h 1 k 0 1 AUTH2 u p copy", "", Order{Keys: words("k"), Timeout: 1e6, Credentials: words("u p"),
			Copy: true}},
		{`migrate h 1 "" 0 1 keys a b a`, "", Order{Keys: words("a b a"), Timeout: 1e6}},
		{`migrate h 1 "" 0 1 copy keys copy`, "", Order{Keys: words("copy"), Timeout: 1e6, Copy: true}},
		{`migrate h 1 "" 0 1 keys`, "", Order{Keys: [][]byte{}, Timeout: 1e6}},
		{`migrate h 1 "" 0 1`, "", Order{Keys: [][]byte{nil}, Timeout: 1e6}},
		{"migrate h 1 k 0 1 keys a", keyWithKeys, Order{}},
		{"migrate h 1 k 0 x keys a", keyWithKeys, Order{}}, // options come first
		{"migrate h 1 k 0 1 auth", "ERR syntax error", Order{}},
		{"migrate h 1 k 0 1 auth2 u", "ERR syntax error", Order{}},
		{"migrate h 1 k 0 1 replaces", "ERR syntax error", Order{}},
		{"migrate h 1 k 0 x", "ERR value is not an integer or out of range", Order{}},
		{"migrate h 1 k x 1", "ERR value is not an integer or out of range", Order{}},
	} {
		o, failure := Parse(words(c.line))
		if failure != c.failure {
			t.Errorf("%s: %q, want %q", c.line, failure, c.failure)
			continue
		}
		if failure != "" {
			continue
		}
		want := c.want
		want.Host, want.Port = "h", "1"
		if !reflect.DeepEqual(*o, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.line, *o, want)
		}
	}
}

func TestNext_CutsPortionsAtTheirBounds(t *testing.T) {
	weight := func(bytes int) func([]byte) int { return func([]byte) int { return bytes } }
	var many [][]byte
	for i := range portionKeys + 1 {
		many = append(many, strconv.AppendInt(nil, int64(1000+i), 10))
	}
	for _, c := range []struct {
		name          string
		keys          [][]byte
		weigh         int
		portion, rest int
	}{
		{"one less than a portion", many[:portionKeys-1], 0, portionKeys - 1, 0},
		{"a portion", many[:portionKeys], 0, portionKeys, 0},
		{"one more than a portion", many, 0, portionKeys, 1},
		{"as many bytes as go", many[:3], portionBytes/2 - 4, 2, 1},
		{"a byte more", many[:3], portionBytes/2 - 3, 1, 2},
		{"a long value", many[:3], 100 * portionBytes, 1, 2},
		{"a key that stands there twice", words("a b a c a"), 1, 3, 0},
	} {
		portion, rest := next(c.keys, weight(c.weigh))
		if len(portion) != c.portion || len(rest) != c.rest {
			t.Errorf("%s: %d and %d keys, want %d and %d", c.name, len(portion), len(rest), c.portion, c.rest)
		}
	}
}

// keys is a Source of strings, each with a version. touch changes a key whenever it was read, so many times.
type keys struct {
	values   map[string]int
	millis   map[string]int64
	touch    map[string]int
	lose     map[string]bool
	fates    map[string]Fate
	refusals map[int]string // of reads, by their number
	reads    int
}

func (k *keys) Weigh([]byte) int { return 1 }

func (k *keys) Read(_ context.Context, asked [][]byte) (items []Item, failure string) {
	if k.reads++; k.refusals[k.reads] != "" {
		return nil, k.refusals[k.reads]
	}
	for _, key := range asked {
		version, is := k.values[string(key)]
		if !is {
			continue
		}
		item := Item{Seen: command.Watched{Key: key, Index: uint64(version), Present: true}, Millis: k.millis[string(key)]}
		item.Payload = fmt.Appendf(nil, "%s %d", key, version)
		if string(key) == "topic" {
			item.Payload, item.Failure = nil, "ERR a value of the type topic has no form in Redis's format"
		}
		items = append(items, item)
	}
	for key, times := range k.touch {
		if times > 0 {
			k.values[key]++
			k.touch[key]--
		}
	}
	for key := range k.lose {
		delete(k.values, key)
	}
	return items, ""
}

func (k *keys) Remove(_ context.Context, items []Item) (fates []Fate) {
	for i := range items {
		key := string(items[i].Seen.Key)
		fate, is := k.fates[key]
		switch version, there := k.values[key]; {
		case is:
		case !there || uint64(version) != items[i].Seen.Index:
			fate = Changed
		default:
			delete(k.values, key)
		}
		fates = append(fates, fate)
	}
	return fates
}

// taker is a target that answers as it is told: by the first word of a command, or by the key of RESTORE.
type taker struct {
	t       *testing.T
	port    string
	answers map[string]string
	mu      sync.Mutex
	got     []string
	taken   map[string]string
}

// listen starts a target. An answer "close" closes the connection, "hang" says nothing more.
func listen(t *testing.T, answers map[string]string) *taker {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s := &taker{t: t, port: port, answers: answers, taken: map[string]string{}}
	var serving sync.WaitGroup
	serving.Add(1)
	var conns []net.Conn
	var mu sync.Mutex
	go func() {
		defer serving.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			serving.Add(1)
			go func() {
				defer serving.Done()
				defer conn.Close()
				s.serve(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return s
}

func (s *taker) serve(conn net.Conn) {
	reader := bufio.NewReader(conn)
	for {
		args := readCommand(reader)
		if args == nil {
			return
		}
		s.mu.Lock()
		s.got = append(s.got, strings.Join(args, " "))
		answer, is := s.answers[args[0]]
		if !is && args[0] == "RESTORE" {
			answer, is = s.answers[args[1]]
		}
		if !is {
			answer = "+OK"
		}
		if answer == "+OK" && args[0] == "RESTORE" {
			s.taken[args[1]] = args[3]
		}
		s.mu.Unlock()
		switch answer {
		case "close":
			return
		case "hang":
			_, _ = reader.WriteTo(discard{})
			return
		}
		fmt.Fprintf(conn, "%s\r\n", answer)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func readCommand(reader *bufio.Reader) (args []string) {
	var count int
	if _, err := fmt.Fscanf(reader, "*%d\r\n", &count); err != nil {
		return nil
	}
	for range count {
		var length int
		if _, err := fmt.Fscanf(reader, "$%d\r\n", &length); err != nil {
			return nil
		}
		text := make([]byte, length+2)
		for n := 0; n < len(text); {
			m, err := reader.Read(text[n:])
			if err != nil {
				return nil
			}
			n += m
		}
		args = append(args, string(text[:length]))
	}
	return args
}

func (s *taker) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// run carries out an order of words behind host and port.
func run(t *testing.T, source *keys, port, rest string) string {
	t.Helper()
	o, failure := Parse(words("migrate 127.0.0.1 " + port + " " + rest))
	if failure != "" {
		t.Fatal(failure)
	}
	result := o.Run(t.Context(), source, func() bool { return false })
	if result.IsError == (result.Text == "OK" || result.Text == "NOKEY") {
		t.Errorf("%q is an error: %v", result.Text, result.IsError)
	}
	return result.Text
}

// TestEveryFateIsTold: what is said is so, and no key is lost: each is at the source, at the target, or at both.
func TestEveryFateIsTold(t *testing.T) {
	const older = "keys changed while they were on their way and stay here; the target has an older copy, which " +
		"MIGRATE … REPLACE overwrites: "
	const gone = "keys were deleted here by another client while they were on their way, and the target has a copy: "
	one := func() map[string]int { return map[string]int{"k": 1} }
	three := func() map[string]int { return map[string]int{"a": 1, "b": 1, "c": 1} }
	for _, c := range []struct {
		name    string
		source  keys
		answers map[string]string
		rest    string
		want    string
		// left is what the source has afterwards, taken what the target has, or else orTaken.
		left, taken, orTaken string
		sent                 []string
	}{
		{name: "a key", source: keys{values: one()}, rest: "k 9 " + enough, want: "OK", taken: "k",
			sent: []string{"SELECT 9", "RESTORE k 0 k 1"}},
		{name: "a key with a deadline", source: keys{values: one(), millis: map[string]int64{"k": 77777}},
			rest: "k 9 " + enough + " REPLACE", want: "OK", taken: "k",
			sent: []string{"SELECT 9", "RESTORE k 77777 k 1 REPLACE"}},
		{name: "a copy", source: keys{values: one()}, rest: "k 9 " + enough + " copy", want: "OK", left: "k", taken: "k"},
		{name: "no key", source: keys{}, rest: "k 9 " + enough, want: "NOKEY", sent: []string{}},
		{name: "no key of several", source: keys{}, rest: `"" 9 ` + enough + " keys a b b", want: "NOKEY", sent: []string{}},
		{name: "some keys", source: keys{values: three()}, rest: `"" 0 ` + enough + " keys x a y b b z c", want: "OK",
			taken: "a b c", sent: []string{"SELECT 0", "RESTORE a 0 a 1", "RESTORE b 0 b 1", "RESTORE c 0 c 1"}},
		{name: "a password", source: keys{values: one()}, rest: "k 0 " + enough + " AUTH p", want: "OK", taken: "k",
			sent: []string{"AUTH p", "SELECT 0", "RESTORE k 0 k 1"}},
		{name: "a user", source: keys{values: one()}, rest: "k 0 " + enough + " AUTH2 u p", want: "OK", taken: "k",
			sent: []string{"AUTH u p", "SELECT 0", "RESTORE k 0 k 1"}},
		{name: "a wrong password", source: keys{values: one()}, answers: map[string]string{"AUTH": "-WRONGPASS no"},
			rest: "k 0 " + enough + " AUTH p", want: "ERR Target instance replied with error: WRONGPASS no", left: "k",
			sent: []string{"AUTH p", "SELECT 0"}},
		{name: "no such database", source: keys{values: one()}, answers: map[string]string{"SELECT": "-ERR no"},
			rest: "k 99 " + enough, want: "ERR Target instance replied with error: ERR no", left: "k",
			sent: []string{"SELECT 99"}},
		{name: "a busy key", source: keys{values: three()}, answers: map[string]string{"b": "-BUSYKEY there"},
			rest: `"" 0 ` + enough + " keys a b c", want: "ERR Target instance replied with error: BUSYKEY there",
			left: "b", taken: "a c"},
		{name: "the first of two errors", source: keys{values: three()},
			answers: map[string]string{"a": "-OOM full", "b": "-BUSYKEY there"},
			rest:    `"" 0 ` + enough + " keys a b c", want: "ERR Target instance replied with error: OOM full",
			left: "a b", taken: "c"},
		{name: "a target that closes", source: keys{values: three()}, answers: map[string]string{"b": "close"},
			rest: `"" 0 ` + enough + " keys a b c", want: notRead, left: "b c", taken: "a"},
		{name: "a target that hangs", source: keys{values: three()}, answers: map[string]string{"b": "hang"},
			rest: `"" 0 ` + short + " keys a b c", want: notRead, left: "b c", taken: "a"},
		{name: "a target that hangs at once", source: keys{values: one()}, answers: map[string]string{"SELECT": "hang"},
			rest: "k 0 " + short, want: notRead, left: "k"},
		{name: "a target that is no Redis", source: keys{values: three()}, answers: map[string]string{"b": "HTTP/1.1 400 no"},
			rest: `"" 0 ` + enough + " keys a b c", want: notRedis + `"HTTP/1.1 400 no"`, left: "b c", taken: "a c",
			orTaken: "a"}, // the answer about b ends the connection, and c may be lost on it
		{name: "a target with another answer", source: keys{values: one()}, answers: map[string]string{"k": ":1"},
			rest: "k 0 " + enough, want: notRedis + `":1"`, left: "k"},
		{name: "a line without end", source: keys{values: one()},
			answers: map[string]string{"k": "+" + strings.Repeat("x", 2*replyBytes)},
			rest:    "k 0 " + enough, want: notRead, left: "k"},
		{name: "a value that Redis does not have", source: keys{values: map[string]int{"topic": 1, "a": 1}},
			rest: `"" 0 ` + enough + " keys topic a",
			want: "ERR a value of the type topic has no form in Redis's format", left: "topic", taken: "a"},
		{name: "a key that changes", source: keys{values: three(), touch: map[string]int{"b": 1}},
			rest: `"" 0 ` + enough + " keys a b c", want: "ERR " + older + `"b"`, left: "b", taken: "a b c"},
		{name: "a key that changes, and replaces", source: keys{values: three(), touch: map[string]int{"b": maxTries - 1}},
			rest: `"" 0 ` + enough + " replace keys a b c", want: "OK", taken: "a b c"},
		{name: "a key that changes for ever", source: keys{values: three(), touch: map[string]int{"b": math.MaxInt}},
			rest: `"" 0 ` + enough + " replace keys a b c", want: "ERR " + older + `"b"`, left: "b", taken: "a b c"},
		{name: "a key that changes, and cannot be read again",
			source: keys{values: one(), touch: map[string]int{"k": 1}, refusals: map[int]string{2: "CLUSTERDOWN no"}},
			rest:   "k 0 " + enough + " replace", left: "k", taken: "k",
			want: "ERR keys that were not moved yet are still here, for they were not read: CLUSTERDOWN no; " + older + `"k"`},
		{name: "a key that changes into one that Redis does not take",
			source: keys{values: map[string]int{"topic2": 1}, touch: map[string]int{"topic2": 1}},
			rest:   "topic2 0 " + enough, want: "ERR " + older + `"topic2"`, left: "topic2", taken: "topic2"},
		{name: "a key that is deleted", source: keys{values: one(), lose: map[string]bool{"k": true}},
			rest: "k 0 " + enough, want: "ERR " + gone + `"k"`, taken: "k"},
		{name: "a key that is deleted before its time",
			source: keys{values: one(), lose: map[string]bool{"k": true}, millis: map[string]int64{"k": math.MaxInt64}},
			rest:   "k 0 " + enough, want: "ERR " + gone + `"k"`, taken: "k"},
		{name: "a key that cannot be removed", source: keys{values: one(), fates: map[string]Fate{"k": Kept}},
			rest: "k 0 " + enough, want: `ERR keys were copied to the target and could not be deleted here: "k"`,
			left: "k", taken: "k"},
		{name: "a key of which that is unknown",
			source:  keys{values: three(), fates: map[string]Fate{"b": Unknown}},
			answers: map[string]string{"c": "-BUSYKEY there"}, rest: `"" 0 ` + enough + " keys a b c", left: "b c", taken: "a b",
			want: "UNCERTAIN ERR Target instance replied with error: BUSYKEY there; " +
				`keys were copied to the target, and it is not known whether they were deleted here: "b"`},
		{name: "no leader", source: keys{values: one(), refusals: map[int]string{1: "CLUSTERDOWN no"}},
			rest: "k 0 " + enough, want: "CLUSTERDOWN no", left: "k", sent: []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := listen(t, c.answers)
			if got := run(t, &c.source, target.port, c.rest); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if got := sorted(c.source.values); got != c.left {
				t.Errorf("the source has %q, want %q", got, c.left)
			}
			target.mu.Lock()
			defer target.mu.Unlock()
			if got := sorted(target.taken); got != c.taken && (c.orTaken == "" || got != c.orTaken) {
				t.Errorf("the target has %q, want %q", got, c.taken)
			}
			if c.sent != nil && !slices.Equal(target.got, c.sent) {
				t.Errorf("the target got %q, want %q", target.got, c.sent)
			}
		})
	}
}

func sorted[V any](of map[string]V) string {
	var names []string
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestAKeyThatHasEndedIsMoved: it ends at the target as well.
func TestAKeyThatHasEndedIsMoved(t *testing.T) {
	target := listen(t, nil)
	source := &keys{values: map[string]int{"k": 1}, millis: map[string]int64{"k": 1}}
	ending := &endingKeys{keys: source}
	o, _ := Parse(words("migrate 127.0.0.1 " + target.port + " k 0 " + enough))
	if got := o.Run(t.Context(), ending, func() bool { return false }); got.Text != "OK" {
		t.Errorf("%q", got.Text)
	}
}

// endingKeys are keys of which k has ended when it is looked at again: not before its millisecond is over.
type endingKeys struct{ *keys }

func (k *endingKeys) Remove(context.Context, []Item) []Fate {
	began := time.Now()
	for time.Since(began) < 2*time.Millisecond {
	}
	delete(k.values, "k")
	return []Fate{Changed}
}

func TestATargetThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, free, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()
	for _, port := range []string{free, "0", "65536", "-1", "port"} {
		source := &keys{values: map[string]int{"k": 1}}
		if got := run(t, source, port, "k 0 "+enough); got != notWritten || len(source.values) != 1 {
			t.Errorf("port %s: %q, %d keys left", port, got, len(source.values))
		}
	}
	source := &keys{values: map[string]int{"k": 1}}
	args := words("migrate h 1 k 0 " + enough)
	args[1] = nil
	o, _ := Parse(args)
	if got := o.Run(t.Context(), source, func() bool { return false }); got.Text != notConnected {
		t.Errorf("no host: %q", got.Text)
	}
}

// TestATargetThatTakesNothing: a value beyond what sockets hold, for a target that does not read.
func TestATargetThatTakesNothing(t *testing.T) {
	stuck, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	ended := make(chan struct{})
	defer func() { <-ended }()
	release := make(chan struct{})
	defer close(release)
	go func() {
		defer close(ended)
		conn, err := stuck.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		readCommand(bufio.NewReaderSize(conn, 16))
		fmt.Fprint(conn, "+OK\r\n")
		<-release
	}()
	_, port, _ := net.SplitHostPort(stuck.Addr().String())
	source := &longKeys{keys{values: map[string]int{"k": 1}}}
	o, _ := Parse(words("migrate 127.0.0.1 " + port + " k 0 " + short))
	if got := o.Run(t.Context(), source, func() bool { return false }); got.Text != notWritten || len(source.values) != 1 {
		t.Errorf("%q, %d keys left", got.Text, len(source.values))
	}
}

type longKeys struct{ keys }

func (k *longKeys) Read(ctx context.Context, asked [][]byte) ([]Item, string) {
	items, failure := k.keys.Read(ctx, asked)
	items[0].Payload = make([]byte, 64<<20)
	return items, failure
}

// TestAnOrderEndsSoon: a client that leaves, and a node that stops, end an order between portions and while the target
// says nothing.
func TestAnOrderEndsSoon(t *testing.T) {
	t.Run("a client that leaves", func(t *testing.T) {
		target := listen(t, map[string]string{"k": "hang"})
		source := &keys{values: map[string]int{"k": 1}}
		o, _ := Parse(words("migrate 127.0.0.1 " + target.port + " k 0 3600000"))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan Result)
		go func() { ended <- o.Run(ctx, source, func() bool { return false }) }()
		for len(target.commands()) < 2 {
			runtime.Gosched()
		}
		cancel()
		if got := <-ended; got.Text != notRead || len(source.values) != 1 {
			t.Errorf("%q, %d keys left", got.Text, len(source.values))
		}
	})
	t.Run("a node that stops", func(t *testing.T) {
		target := listen(t, nil)
		source := &keys{values: map[string]int{}}
		line := `migrate 127.0.0.1 ` + target.port + ` "" 0 ` + enough + " keys"
		for i := range portionKeys + 1 {
			name := fmt.Sprint("k", i)
			source.values[name] = 1
			line += " " + name
		}
		o, _ := Parse(words(line))
		got := o.Run(t.Context(), source, func() bool { return true })
		if got.Text != nodeStops || len(source.values) != 1 || len(target.taken) != portionKeys {
			t.Errorf("%q, %d keys left, %d taken", got.Text, len(source.values), len(target.taken))
		}
	})
}

func TestAnErrorNamesSomeKeys(t *testing.T) {
	var r report
	var items []Item
	for i := range shownKeys + 2 {
		items = append(items, Item{Seen: command.Watched{Key: fmt.Append(nil, i, strings.Repeat("x", shownKeyBytes))}})
	}
	r.add(&r.both, items[:1])
	if got := r.both.String(); strings.Count(got, "x") != shownKeyBytes-1 || !strings.HasSuffix(got, `x"…`) {
		t.Errorf("%s", got)
	}
	r.add(&r.both, items[1:shownKeys])
	if got := r.both.String(); strings.Count(got, "…") != shownKeys || strings.Contains(got, "more") {
		t.Errorf("%s", got)
	}
	if r.add(&r.both, items[shownKeys:]); !strings.HasSuffix(r.both.String(), `"… and 2 more`) {
		t.Errorf("%s", r.both.String())
	}
}
