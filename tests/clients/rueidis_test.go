package clients_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// rueidisErrand does the catalogue with rueidis. The library finds out by itself that it talks to a cluster; as a plain
// client it has to be told not to look.
type rueidisErrand struct {
	errand
	ctx    context.Context
	client rueidis.Client
	words  *said
	// invalid gets the keys of which the server says that they were written.
	invalid chan string
}

func rueidisTasks(t testing.TB, e errand) (end func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientTasksLimit)
	t.Cleanup(cancel)
	r := rueidisErrand{errand: e, ctx: ctx, words: &said{}, invalid: make(chan string, 100)}
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{e.address}, ForceSingleClient: !e.cluster,
		OnInvalidations: func(keys []rueidis.RedisMessage) {
			for _, key := range keys {
				name, _ := key.ToString()
				r.invalid <- name
			}
		},
	})
	if err != nil {
		t.Fatalf("rueidis: %v", err)
	}
	r.client = client
	tasks := []goTask{
		{"greeting", r.greeting}, {"strings", r.strings}, {"counters", r.counters}, {"many", r.many},
		{"deadlines", r.deadlines}, {"conditions", r.conditions}, {"binary", r.binary}, {"large", r.large},
		{"pipeline", r.pipeline}, {"concurrent", r.concurrent}, {"scan", r.scan}, {"errors", r.errors},
		{"transactions", r.transactions}, {"messages", r.messages}, {"caching", r.caching},
	}
	if !e.cluster {
		tasks = append(tasks, goTask{"databases", r.databases})
	}
	tasks = append(tasks, goTask{"farewell", r.lastValue})
	refusal := func(err error) bool {
		_, reply := rueidis.IsRedisErr(err)
		return reply
	}
	return doGoTasks(t, steps{missing: rueidis.IsRedisNil, refusal: refusal}, tasks, r.words)
}

func (r *rueidisErrand) key(name string) string { return r.prefix + ":" + name }

func (r *rueidisErrand) do(command rueidis.Completed) rueidis.RedisResult {
	return r.client.Do(r.ctx, command)
}

func (r *rueidisErrand) greeting(s *steps) {
	s.want("PONG")(r.do(r.client.B().Ping().Build()).ToString())
	text, err := r.do(r.client.B().ClientInfo().Build()).ToString()
	s.none(err)
	r.words.line("info %s", strings.TrimSpace(text))
}

func (r *rueidisErrand) strings(s *steps) {
	b, key := r.client.B(), r.key("string")
	s.want("OK")(r.do(b.Set().Key(key).Value("value").Build()).ToString())
	s.want("value")(r.do(b.Get().Key(key).Build()).ToString())
	s.want(int64(10))(r.do(b.Append().Key(key).Value("-more").Build()).AsInt64())
	s.want(int64(10))(r.do(b.Strlen().Key(key).Build()).AsInt64())
	s.want("more")(r.do(b.Getrange().Key(key).Start(6).End(-1).Build()).ToString())
	s.want(int64(10))(r.do(b.Setrange().Key(key).Offset(0).Value("V").Build()).AsInt64())
	s.want("Value-more")(r.do(b.Getdel().Key(key).Build()).ToString())
	s.absent(r.do(b.Get().Key(key).Build()).ToString())
	s.want(int64(0))(r.do(b.Exists().Key(key).Build()).AsInt64())
}

func (r *rueidisErrand) transactions(s *steps) {
	key := r.key("transaction")
	add := func(meanwhile func()) (executed bool) {
		s.none(r.client.Dedicated(func(client rueidis.DedicatedClient) error {
			s.none(client.Do(r.ctx, client.B().Watch().Key(key).Build()).Error())
			meanwhile()
			replies := client.DoMulti(r.ctx, client.B().Multi().Build(), client.B().Incr().Key(key).Build(),
				client.B().Exec().Build())
			last := replies[2]
			if executed = !rueidis.IsRedisNil(last.Error()); executed {
				items, err := last.ToArray()
				s.want(1)(len(items), err)
			}
			return nil
		}))
		return executed
	}
	s.want(true)(add(func() {}), nil)
	s.want(false)(add(func() { s.none(r.do(r.client.B().Incr().Key(key).Build()).Error()) }), nil)
	s.want("2")(r.do(r.client.B().Get().Key(key).Build()).ToString())
}

func (r *rueidisErrand) databases(s *steps) {
	other, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{r.address}, ForceSingleClient: true, SelectDB: 1,
	})
	s.none(err)
	if err == nil {
		b, key := other.B(), r.key("database")
		s.want("OK")(other.Do(r.ctx, b.Set().Key(key).Value("value").Build()).ToString())
		s.want("value")(other.Do(r.ctx, b.Get().Key(key).Build()).ToString())
		other.Close()
	}
	s.absent(r.do(r.client.B().Get().Key(r.key("database")).Build()).ToString())
}

func (r *rueidisErrand) counters(s *steps) {
	b, key := r.client.B(), r.key("counter")
	s.want(int64(1))(r.do(b.Incr().Key(key).Build()).AsInt64())
	s.want(int64(42))(r.do(b.Incrby().Key(key).Increment(41).Build()).AsInt64())
	s.want(int64(41))(r.do(b.Decr().Key(key).Build()).AsInt64())
	s.want(41.5)(r.do(b.Incrbyfloat().Key(key).Increment(0.5).Build()).AsFloat64())
}

func (r *rueidisErrand) many(s *steps) {
	b, tag := r.client.B(), "{"+r.prefix+"}:many:"
	s.want("OK")(r.do(b.Mset().KeyValue().KeyValue(tag+"0", "a").KeyValue(tag+"2", "c").Build()).ToString())
	found, err := rueidis.MGet(r.client, r.ctx, []string{tag + "0", tag + "1", tag + "2"})
	s.none(err)
	for i, want := range []string{"a", "", "c"} {
		message := found[tag+fmt.Sprint(i)]
		if want == "" {
			s.want(true)(message.IsNil(), nil)
			continue
		}
		s.want(want)(message.ToString())
	}
	s.want(int64(2))(r.do(b.Del().Key(tag+"0", tag+"1", tag+"2").Build()).AsInt64())
}

func (r *rueidisErrand) deadlines(s *steps) {
	b, key := r.client.B(), r.key("deadline")
	s.want("OK")(r.do(b.Set().Key(key).Value("value").ExSeconds(100).Build()).ToString())
	s.within(100)(r.do(b.Ttl().Key(key).Build()).AsInt64())
	s.within(100_000)(r.do(b.Pttl().Key(key).Build()).AsInt64())
	s.want(int64(1))(r.do(b.Persist().Key(key).Build()).AsInt64())
	s.want(int64(-1))(r.do(b.Ttl().Key(key).Build()).AsInt64())
	s.want(int64(-2))(r.do(b.Ttl().Key(r.key("nothing")).Build()).AsInt64())
	s.want(int64(1))(r.do(b.Pexpire().Key(key).Milliseconds(20).Build()).AsInt64())
	gone := blackbox.Poll(blackbox.EffectLimit, func() bool { return r.do(b.Get().Key(key).Build()).Error() != nil })
	if s.absent(r.do(b.Get().Key(key).Build()).ToString()); !gone {
		s.fail("the key outlives its deadline")
	}
}

func (r *rueidisErrand) conditions(s *steps) {
	b, key := r.client.B(), r.key("condition")
	s.want("OK")(r.do(b.Set().Key(key).Value("first").Nx().Build()).ToString())
	s.absent(r.do(b.Set().Key(key).Value("second").Nx().Build()).ToString())
	s.want("first")(r.do(b.Set().Key(key).Value("third").Xx().Get().Build()).ToString())
	s.absent(r.do(b.Set().Key(r.key("nothing")).Value("value").Xx().Build()).ToString())
	s.want("third")(r.do(b.Get().Key(key).Build()).ToString())
}

func (r *rueidisErrand) binary(s *steps) {
	b, key := r.client.B(), r.key("binary")+string(everyByte())
	s.want("OK")(r.do(b.Set().Key(key).Value(string(everyByte())).Build()).ToString())
	s.want(everyByte())(r.do(b.Get().Key(key).Build()).AsBytes())
}

func (r *rueidisErrand) large(s *steps) {
	b, key := r.client.B(), r.key("large")
	s.want("OK")(r.do(b.Set().Key(key).Value(string(largeValue())).Build()).ToString())
	got, err := r.do(b.Get().Key(key).Build()).AsBytes()
	s.want(true)(bytes.Equal(got, largeValue()), err)
}

func (r *rueidisErrand) pipeline(s *steps) {
	const count = 100
	b, text := r.client.B(), "{"+r.prefix+"}:text"
	var commands rueidis.Commands
	for range count {
		commands = append(commands, b.Incr().Key(r.key("pipeline")).Build())
	}
	commands = append(commands, b.Set().Key(text).Value("text").Build(), b.Incr().Key(text).Build(),
		b.Get().Key(r.key("pipeline")).Build())
	replies := r.client.DoMulti(r.ctx, commands...)
	s.want(count+3)(len(replies), nil)
	for i, reply := range replies[:count] {
		s.want(int64(i + 1))(reply.AsInt64())
	}
	s.want("OK")(replies[count].ToString())
	s.refused("value is not an integer")(replies[count+1].AsInt64())
	s.want("100")(replies[count+2].ToString())
}

func (r *rueidisErrand) concurrent(s *steps) {
	const workers, each = 8, 10
	got := make(chan int64, workers*each)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range each {
				n, _ := r.do(r.client.B().Incr().Key(r.key("concurrent")).Build()).AsInt64()
				got <- n
			}
		})
	}
	group.Wait()
	close(got)
	s.want(upTo(workers*each))(slices.Sorted(received(got)), nil)
}

func (r *rueidisErrand) scan(s *steps) {
	const count = 40
	want, found := map[string]bool{}, map[string]bool{}
	for i := range count {
		key := r.key(fmt.Sprint("scan:", i))
		want[key] = true
		s.none(r.do(r.client.B().Set().Key(key).Value("value").Build()).Error())
	}
	for _, node := range r.client.Nodes() {
		keys := rueidis.NewScanner(func(cursor uint64) (rueidis.ScanEntry, error) {
			command := node.B().Scan().Cursor(cursor).Match(r.key("scan:*")).Count(10).Build()
			return node.Do(r.ctx, command).AsScanEntry()
		})
		for key := range keys.Iter() {
			found[key] = true
		}
		s.none(keys.Err())
	}
	s.want(want)(found, nil)
}

func (r *rueidisErrand) errors(s *steps) {
	b, key := r.client.B(), r.key("text")
	s.none(r.do(b.Set().Key(key).Value("text").Build()).Error())
	s.refused("value is not an integer or out of range")(r.do(b.Incr().Key(key).Build()).AsInt64())
	s.refused("unknown command 'NOSUCHCOMMAND'")(r.do(b.Arbitrary("NOSUCHCOMMAND").Build()).ToString())
	wrong := b.Set().Key(key).Value("text").PxMilliseconds(0).Build()
	s.refused("invalid expire time in 'set' command")(r.do(wrong).ToString())
	s.want("text")(r.do(b.Get().Key(key).Build()).ToString())
}

func (r *rueidisErrand) messages(s *steps) {
	channel := r.key("channel")
	listener, release := r.client.Dedicate()
	defer release()
	confirmed, heard := make(chan struct{}, 2), make(chan rueidis.PubSubMessage, 2)
	listener.SetPubSubHooks(rueidis.PubSubHooks{
		OnSubscription: func(rueidis.PubSubSubscription) { confirmed <- struct{}{} },
		OnMessage:      func(m rueidis.PubSubMessage) { heard <- m },
	})
	s.none(listener.Do(r.ctx, r.client.B().Subscribe().Channel(channel).Build()).Error())
	s.none(listener.Do(r.ctx, r.client.B().Psubscribe().Pattern(channel+"*").Build()).Error())
	for range 2 {
		select {
		case <-confirmed:
		case <-time.After(blackbox.EffectLimit):
			s.fail("no confirmation")
			return
		}
	}
	s.none(r.do(r.client.B().Publish().Channel(channel).Message("message").Build()).Error())
	for _, pattern := range []string{"", channel + "*"} {
		select {
		case m := <-heard:
			s.want(rueidis.PubSubMessage{Pattern: pattern, Channel: channel, Message: "message"})(m, nil)
		case <-time.After(blackbox.EffectLimit):
			s.fail("no message comes")
		}
	}
}

// caching uses the library's cache, which is on by default: a write through another node makes the server say that the
// key is invalid, and only that makes the library ask again within the hour. Without ToStaticTTL the library would ask
// for the value and its deadline in a transaction, which is not offered.
func (r *rueidisErrand) caching(s *steps) {
	b, key := r.client.B(), r.key("cached")
	writer, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{r.otherNode}, ForceSingleClient: true})
	if err != nil {
		s.fail("%v", err)
		return
	}
	defer writer.Close()
	set := func(value string) error {
		return writer.Do(r.ctx, writer.B().Set().Key(key).Value(value).Build()).Error()
	}
	get := func() rueidis.RedisResult {
		return r.client.DoCache(r.ctx, b.Get().Key(key).Cache().ToStaticTTL(), time.Hour)
	}
	s.none(set("old"))
	hit := blackbox.Poll(blackbox.EffectLimit, func() bool {
		result := get()
		s.want("old")(result.ToString())
		return result.IsCacheHit()
	})
	s.want(true)(hit, nil)
	for len(r.invalid) > 0 {
		<-r.invalid
	}
	s.none(set("new"))
	select {
	case invalid := <-r.invalid:
		s.want(key)(invalid, nil)
	case <-time.After(blackbox.EffectLimit):
		s.fail("no message says that the key was written")
	}
	s.want("new")(get().ToString())
}

func (r *rueidisErrand) lastValue(s *steps) {
	s.want("OK")(r.do(r.client.B().Set().Key(r.key("last")).Value(r.prefix).Build()).ToString())
	r.client.Close()
}
