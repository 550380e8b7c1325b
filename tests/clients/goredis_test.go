package clients_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// goRedisErrand does the catalogue with go-redis.
type goRedisErrand struct {
	errand
	ctx    context.Context
	client redis.UniversalClient
	words  *said
}

func goRedisTasks(t testing.TB, e errand) (end func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientTasksLimit)
	t.Cleanup(cancel)
	g := goRedisErrand{errand: e, ctx: ctx, words: &said{}}
	if e.cluster {
		g.client = redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{e.address}})
	} else {
		g.client = redis.NewClient(&redis.Options{Addr: e.address})
	}
	tasks := []goTask{
		{"greeting", g.greeting}, {"strings", g.strings}, {"counters", g.counters}, {"many", g.many},
		{"deadlines", g.deadlines}, {"conditions", g.conditions}, {"binary", g.binary}, {"large", g.large},
		{"pipeline", g.pipeline}, {"concurrent", g.concurrent}, {"scan", g.scan}, {"errors", g.errors},
		{"transactions", g.transactions}, {"messages", g.messages},
	}
	if !e.cluster {
		tasks = append(tasks, goTask{"databases", g.databases}, goTask{"caching", g.caching})
	}
	tasks = append(tasks, goTask{"farewell", g.lastValue})
	begin := steps{
		missing: func(err error) bool { return errors.Is(err, redis.Nil) },
		refusal: func(err error) bool {
			var reply redis.Error
			return errors.As(err, &reply)
		},
	}
	return doGoTasks(t, begin, tasks, g.words)
}

func (g *goRedisErrand) key(name string) string { return g.prefix + ":" + name }

func (g *goRedisErrand) greeting(s *steps) {
	s.want("PONG")(g.client.Ping(g.ctx).Result())
	text, err := g.client.Do(g.ctx, "CLIENT", "INFO").Text()
	s.none(err)
	g.words.line("info %s", strings.TrimSpace(text))
}

func (g *goRedisErrand) strings(s *steps) {
	key := g.key("string")
	s.want("OK")(g.client.Set(g.ctx, key, "value", 0).Result())
	s.want("value")(g.client.Get(g.ctx, key).Result())
	s.want(int64(10))(g.client.Append(g.ctx, key, "-more").Result())
	s.want(int64(10))(g.client.StrLen(g.ctx, key).Result())
	s.want("more")(g.client.GetRange(g.ctx, key, 6, -1).Result())
	s.want(int64(10))(g.client.SetRange(g.ctx, key, 0, "V").Result())
	s.want("Value-more")(g.client.GetDel(g.ctx, key).Result())
	s.absent(g.client.Get(g.ctx, key).Result())
	s.want(int64(0))(g.client.Exists(g.ctx, key).Result())
}

func (g *goRedisErrand) counters(s *steps) {
	key := g.key("counter")
	s.want(int64(1))(g.client.Incr(g.ctx, key).Result())
	s.want(int64(42))(g.client.IncrBy(g.ctx, key, 41).Result())
	s.want(int64(41))(g.client.Decr(g.ctx, key).Result())
	s.want(41.5)(g.client.IncrByFloat(g.ctx, key, 0.5).Result())
}

func (g *goRedisErrand) many(s *steps) {
	tag := "{" + g.prefix + "}:many:"
	s.want("OK")(g.client.MSet(g.ctx, tag+"0", "a", tag+"2", "c").Result())
	s.want([]any{"a", nil, "c"})(g.client.MGet(g.ctx, tag+"0", tag+"1", tag+"2").Result())
	s.want(int64(2))(g.client.Del(g.ctx, tag+"0", tag+"1", tag+"2").Result())
}

func (g *goRedisErrand) deadlines(s *steps) {
	key := g.key("deadline")
	s.want("OK")(g.client.Set(g.ctx, key, "value", 100*time.Second).Result())
	left, err := g.client.TTL(g.ctx, key).Result()
	s.within(100)(int64(left/time.Second), err)
	left, err = g.client.PTTL(g.ctx, key).Result()
	s.within(100_000)(left.Milliseconds(), err)
	s.want(true)(g.client.Persist(g.ctx, key).Result())
	s.want(time.Duration(-1))(g.client.TTL(g.ctx, key).Result())
	s.want(time.Duration(-2))(g.client.TTL(g.ctx, g.key("nothing")).Result())
	s.want(true)(g.client.PExpire(g.ctx, key, 20*time.Millisecond).Result())
	gone := blackbox.Poll(blackbox.EffectLimit, func() bool { return g.client.Get(g.ctx, key).Err() != nil })
	if s.absent(g.client.Get(g.ctx, key).Result()); !gone {
		s.fail("the key outlives its deadline")
	}
}

func (g *goRedisErrand) conditions(s *steps) {
	key := g.key("condition")
	s.want(true)(g.client.SetNX(g.ctx, key, "first", 0).Result())
	s.want(false)(g.client.SetNX(g.ctx, key, "second", 0).Result())
	s.want("first")(g.client.SetArgs(g.ctx, key, "third", redis.SetArgs{Mode: "XX", Get: true}).Result())
	s.absent(g.client.SetArgs(g.ctx, g.key("nothing"), "value", redis.SetArgs{Mode: "XX"}).Result())
	s.want("third")(g.client.Get(g.ctx, key).Result())
}

func (g *goRedisErrand) binary(s *steps) {
	key := g.key("binary") + string(everyByte())
	s.want("OK")(g.client.Set(g.ctx, key, everyByte(), 0).Result())
	s.want(everyByte())(g.client.Get(g.ctx, key).Bytes())
}

func (g *goRedisErrand) large(s *steps) {
	s.want("OK")(g.client.Set(g.ctx, g.key("large"), largeValue(), 0).Result())
	got, err := g.client.Get(g.ctx, g.key("large")).Bytes()
	s.want(true)(bytes.Equal(got, largeValue()), err)
}

func (g *goRedisErrand) pipeline(s *steps) {
	const count = 100
	pipe := g.client.Pipeline()
	for range count {
		pipe.Incr(g.ctx, g.key("pipeline"))
	}
	pipe.Set(g.ctx, g.key("text"), "text", 0)
	wrong, last := pipe.Incr(g.ctx, g.key("text")), pipe.Get(g.ctx, g.key("pipeline"))
	replies, err := pipe.Exec(g.ctx)
	s.refused("ERR value is not an integer")(nil, err)
	s.want(count+3)(len(replies), nil)
	for i, reply := range replies[:count] {
		s.want(int64(i + 1))(reply.(*redis.IntCmd).Result())
	}
	s.refused("ERR value is not an integer")(wrong.Result())
	s.want("100")(last.Result())
}

func (g *goRedisErrand) concurrent(s *steps) {
	const workers, each = 8, 10
	got := make(chan int64, workers*each)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range each {
				got <- g.client.Incr(g.ctx, g.key("concurrent")).Val()
			}
		})
	}
	group.Wait()
	close(got)
	s.want(upTo(workers*each))(slices.Sorted(received(got)), nil)
}

func (g *goRedisErrand) scan(s *steps) {
	const count = 40
	want := map[string]bool{}
	for i := range count {
		key := g.key(fmt.Sprint("scan:", i))
		want[key] = true
		s.none(g.client.Set(g.ctx, key, "value", 0).Err())
	}
	var mu sync.Mutex
	found := map[string]bool{}
	walk := func(ctx context.Context, node *redis.Client) error {
		keys := node.Scan(ctx, 0, g.key("scan:*"), 10).Iterator()
		for keys.Next(ctx) {
			mu.Lock()
			found[keys.Val()] = true
			mu.Unlock()
		}
		return keys.Err()
	}
	switch client := g.client.(type) {
	case *redis.ClusterClient:
		s.none(client.ForEachMaster(g.ctx, walk))
	case *redis.Client:
		s.none(walk(g.ctx, client))
	}
	s.want(want)(found, nil)
}

func (g *goRedisErrand) errors(s *steps) {
	key := g.key("text")
	s.none(g.client.Set(g.ctx, key, "text", 0).Err())
	s.refused("ERR value is not an integer or out of range")(g.client.Incr(g.ctx, key).Result())
	s.refused("ERR unknown command 'NOSUCHCOMMAND'")(g.client.Do(g.ctx, "NOSUCHCOMMAND").Result())
	s.refused("ERR invalid expire time in 'set' command")(g.client.Do(g.ctx, "SET", key, "text", "PX", 0).Result())
	s.want("text")(g.client.Get(g.ctx, key).Result())
}

func (g *goRedisErrand) transactions(s *steps) {
	key := g.key("transaction")
	replies, err := g.client.TxPipelined(g.ctx, func(tx redis.Pipeliner) error {
		tx.Incr(g.ctx, key)
		tx.IncrBy(g.ctx, key, 2)
		tx.Get(g.ctx, key)
		return nil
	})
	s.want(3)(len(replies), err)
	s.want("3")(replies[2].(*redis.StringCmd).Result())
	add := func(meanwhile func()) error {
		return g.client.Watch(g.ctx, func(tx *redis.Tx) error {
			value, err := tx.Get(g.ctx, key).Int()
			s.none(err)
			meanwhile()
			_, err = tx.TxPipelined(g.ctx, func(pipe redis.Pipeliner) error {
				pipe.Set(g.ctx, key, value+1, 0)
				return nil
			})
			return err
		}, key)
	}
	s.none(add(func() {}))
	s.want(true)(errors.Is(add(func() { s.none(g.client.Incr(g.ctx, key).Err()) }), redis.TxFailedErr), nil)
	s.want("5")(g.client.Get(g.ctx, key).Result())
}

func (g *goRedisErrand) messages(s *steps) {
	channel := g.key("channel")
	listener := g.client.Subscribe(g.ctx, channel)
	_, err := listener.Receive(g.ctx) // the confirmation
	s.none(err)
	s.none(listener.PSubscribe(g.ctx, channel+"*"))
	_, err = listener.Receive(g.ctx)
	s.none(err)
	s.none(g.client.Publish(g.ctx, channel, "message").Err())
	for _, pattern := range []string{"", channel + "*"} {
		m, err := listener.ReceiveMessage(g.ctx)
		if err != nil || m.Channel != channel || m.Pattern != pattern || m.Payload != "message" {
			s.fail("heard %v (%v)", m, err)
		}
	}
	s.none(listener.Close())
}

func (g *goRedisErrand) databases(s *steps) {
	other := redis.NewClient(&redis.Options{Addr: g.address, DB: 1})
	s.want("OK")(other.Set(g.ctx, g.key("database"), "value", 0).Result())
	s.want("value")(other.Get(g.ctx, g.key("database")).Result())
	s.absent(g.client.Get(g.ctx, g.key("database")).Result())
	s.none(other.Close())
}

// caching asks for a cache, which is no default of the library and is offered for plain clients only.
func (g *goRedisErrand) caching(s *steps) {
	key := g.key("cached")
	writer := redis.NewClient(&redis.Options{Addr: g.otherNode})
	caches := redis.NewClient(&redis.Options{Addr: g.address, ClientSideCacheConfig: &redis.ClientSideCacheConfig{}})
	s.none(writer.Set(g.ctx, key, "old", 0).Err())
	hit := blackbox.Poll(blackbox.EffectLimit, func() bool {
		s.want("old")(caches.Get(g.ctx, key).Result())
		return caches.CSCStats().Hits > 0
	})
	s.want(true)(hit, nil)
	s.none(writer.Set(g.ctx, key, "new", 0).Err())
	invalidated := blackbox.Poll(blackbox.EffectLimit, func() bool { return caches.Get(g.ctx, key).Val() == "new" })
	s.want(true)(invalidated, nil)
	s.none(caches.Close())
	s.none(writer.Close())
}

func (g *goRedisErrand) lastValue(s *steps) {
	s.want("OK")(g.client.Set(g.ctx, g.key("last"), g.prefix, 0).Result())
	s.none(g.client.Close())
}
