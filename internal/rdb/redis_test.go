package rdb

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// realRedis is a connection to a redis-server of the test's own.
func realRedis(t *testing.T) *blackbox.Client {
	t.Helper()
	port, _ := blackbox.StartRedis(t, "--enable-debug-command", "yes", "--sanitize-dump-payload", "yes")
	return blackbox.MustConnect(t, port)
}

// rewritten is an object as this package writes it, with its version; ok is false if it was not read.
func rewritten(object []byte) (again []byte, version Version, ok bool) {
	r := NewReader(object, 1<<24)
	t, ok := r.Type()
	if !ok {
		return nil, 0, false
	}
	count, version := uint64(0), Version6
	var body []byte
	kind := map[Kind]Type{
		StringKind: String, ListKind: List, SetKind: Set, HashKind: Hash, SortedSetKind: SortedSet,
	}[t.Kind()]
	switch t.Kind() {
	case StringKind:
		text, isText := r.Text()
		return AppendText([]byte{byte(kind)}, text), version, isText && r.Done()
	case ListKind, SetKind:
		ok = r.Elements(t, func(element []byte) bool { count++; body = AppendText(body, element); return true })
	case HashKind:
		ok = r.Pairs(t, func(field, value []byte) bool {
			count++
			body = AppendText(AppendText(body, field), value)
			return true
		})
	case SortedSetKind:
		version = Version8
		ok = r.Scores(t, func(member []byte, score float64) bool {
			count++
			body = AppendScore(AppendText(body, member), score)
			return true
		})
	case StreamKind:
		w := NewStreamWriter(0, 7)
		s, isStream := r.Stream(t, func(id StreamID, fields [][]byte) bool { w.Entry(id, fields); return true })
		if !isStream {
			return nil, 0, false
		}
		again, version = w.Finish(&s)
		return again, version, r.Done()
	default:
		return nil, 0, false
	}
	return append(AppendLength([]byte{byte(kind)}, count), body...), version, ok && r.Done()
}

// compareInRedis restores an object in Redis as it is, and as it is written here behind being read, and compares both
// there.
func compareInRedis(t *testing.T, redis *blackbox.Client, name string, object []byte, version Version) {
	t.Helper()
	again, lowest, ok := rewritten(object)
	if !ok {
		t.Errorf("%s is refused: %.200q", name, object)
		return
	}
	blackbox.Expect(t, redis.Must(t, "RESTORE", "theirs", "0", string(Seal(object, version)), "REPLACE"), "+OK")
	if got := redis.Must(t, "RESTORE", "ours", "0", string(Seal(again, lowest)), "REPLACE"); got.String() != "+OK" {
		t.Errorf("%s, written here as %.200q, is answered %v", name, again, got)
		return
	}
	if both := redis.Must(t, "DEBUG", "DIGEST-VALUE", "theirs", "ours").Items; both[0].Text != both[1].Text {
		t.Errorf("%s is another value when it was read and written", name)
	}
	if kinds := redis.Must(t, "TYPE", "ours").Text; kinds != redis.Must(t, "TYPE", "theirs").Text {
		t.Errorf("%s became a %s", name, kinds)
	}
}

// Redis reads what the tests hold for forms of older versions, so these are such forms.
func TestRedis_ReadsTheExamples(t *testing.T) {
	redis := realRedis(t)
	for name, object := range examples() {
		if Type(object[0]) == StreamListpacksLast || Type(object[0]) == SetListpack {
			continue // Redis 7.0 does not know these
		}
		compareInRedis(t, redis, name, object, Version10)
	}
}

// dumped is what Redis dumps for a key.
func dumped(t *testing.T, redis *blackbox.Client, key string) (object []byte) {
	t.Helper()
	object, ok := Unseal([]byte(redis.Must(t, "DUMP", key).Text))
	if !ok {
		t.Fatalf("what Redis dumps for %s is refused", key)
	}
	return object
}

// Values are made by commands, below and above each limit of Redis's encodings, compressed and not.
func TestRedis_DumpsAreRead(t *testing.T) {
	redis := realRedis(t)
	met := map[Type]bool{}
	var commands [][]string
	add := func(words ...string) { commands = append(commands, words) }
	for i, text := range append(edges(), strings.Repeat("ab", 4000), strings.Repeat("z", 300_000)) {
		add("SET", "string"+strconv.Itoa(i), text)
		for _, size := range []string{"small", "large"} {
			if size == "small" && len(text) > 60 {
				continue // one long element is enough for the large form
			}
			add("RPUSH", "list:"+size, text, "before "+text)
			add("SADD", "set:"+size, text, "in "+text)
			add("HSET", "hash:"+size, text, "v", "f"+text, text)
			add("ZADD", "zset:"+size, strconv.Itoa(i), text, "-1.5e300", "m"+text)
		}
		add("XADD", "stream", strconv.Itoa(i+1)+"-"+strconv.Itoa(i), "f", text, "g", "x")
		add("XADD", "stream", strconv.Itoa(i+1)+"-"+strconv.Itoa(i+1), "f", text, "other", "x")
	}
	for i := range 700 {
		n := strconv.Itoa(i * i * i)
		add("RPUSH", "list:large", n)
		add("SADD", "set:large", n)
		add("HSET", "hash:large", n, "v")
		add("ZADD", "zset:large", n, n)
		if i < 500 {
			add("SADD", "set:integers"+strconv.Itoa(i%3), strconv.Itoa(i<<(i%40)))
		}
	}
	add("ZADD", "zset:small", "inf", "infinite", "-inf", "negative", "0", "zero", "0.1", "tenth")
	add("XGROUP", "CREATE", "stream", "g", "0")
	add("XREADGROUP", "GROUP", "g", "c1", "COUNT", "10", "STREAMS", "stream", ">")
	add("XREADGROUP", "GROUP", "g", "c2", "COUNT", "5", "STREAMS", "stream", ">")
	add("XACK", "stream", "g", "1-0", "3-2")
	add("XDEL", "stream", "5-5", "2-2")
	add("XGROUP", "CREATE", "stream", "h", "$")
	add("COPY", "stream", "emptied")
	add("XTRIM", "emptied", "MAXLEN", "0")
	replies, err := redis.Pipeline(commands)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range replies {
		if r.Kind == '-' {
			t.Fatalf("%.100q: %v", commands[i], r)
		}
	}
	for _, compression := range []string{"yes", "no"} {
		redis.Must(t, "CONFIG", "SET", "rdbcompression", compression)
		for _, key := range redis.Must(t, "KEYS", "*").Items {
			if key.Text == "ours" || key.Text == "theirs" {
				continue
			}
			object := dumped(t, redis, key.Text)
			met[Type(object[0])] = true
			compareInRedis(t, redis, fmt.Sprintf("%s (compression %s)", key.Text, compression), object, Version10)
		}
	}
	for _, kind := range []Type{
		String, Set, SetIntset, Hash, HashListpack, SortedSet, SortedSetListpack, ListQuicklistPacked, StreamListpacksNewer,
	} {
		if !met[kind] {
			t.Errorf("Redis dumped nothing of type %d", kind)
		}
	}
}
