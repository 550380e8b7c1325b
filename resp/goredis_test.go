package resp

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A client library as people use it: it greets in RESP3, names itself, pipelines, and reads the errors.
func TestGoRedisIsContentInBothProtocols(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		store := newFakeStore(t)
		s := serve(t, Options{Store: store, Tuning: withPassword("secret")})
		client := redis.NewClient(&redis.Options{
			Addr: s.address, Password: "secret", Protocol: protocol, ClientName: "tester", DisableIdentity: false,
		})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := client.Set(ctx, "a", "1", 0).Err(); err != nil {
			t.Fatalf("RESP%d: %v", protocol, err)
		}
		pipe := client.Pipeline()
		incremented, missing, wrong := pipe.Incr(ctx, "a"), pipe.Get(ctx, "nothing"), pipe.Do(ctx, "nosuch")
		if _, err := pipe.Exec(ctx); err == nil {
			t.Errorf("RESP%d: a pipeline with an unknown command succeeded", protocol)
		}
		if incremented.Val() != 2 || !errors.Is(missing.Err(), redis.Nil) || wrong.Err() == nil {
			t.Errorf("RESP%d: %v, %v, %v", protocol, incremented, missing, wrong)
		}
		if settings, err := client.ConfigGet(ctx, "append*").Result(); err != nil || settings["appendonly"] != "yes" {
			t.Errorf("RESP%d: CONFIG GET: %v, %v", protocol, settings, err)
		}
		if name, err := client.ClientGetName(ctx).Result(); err != nil || name != "tester" {
			t.Errorf("RESP%d: CLIENT GETNAME: %q, %v", protocol, name, err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

// H1: what is UNCERTAIN must not be sent again by the library; what was definitely not done may be.
func TestGoRedisRetriesOnlyWhatWasNotDone(t *testing.T) {
	for outcome, wantAgain := range map[Outcome]bool{Uncertain: false, NotDone: true, Overloaded: true} {
		store := newFakeStore(t)
		var submitted atomic.Int64
		store.finish = func(r *Request) {
			if submitted.Add(1) == 1 {
				r.Complete(outcome)
				return
			}
			store.done(r)
		}
		s := serve(t, Options{Store: store})
		client := redis.NewClient(&redis.Options{Addr: s.address, MaxRetries: 3})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := client.Incr(ctx, "a").Err()
		if again := submitted.Load() > 1; again != wantAgain || (err == nil) != wantAgain {
			t.Errorf("%v: submitted %d times, %v", outcome, submitted.Load(), err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
