package clients_test

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// The witnesses: each knows all nodes and has the default options of its library, go-redis with one exception (see
// goRedisCluster).

// redisPy starts redis-py's RedisCluster.
func redisPy(t testing.TB, seeds string, tags []string) *witness {
	t.Helper()
	return program(t, "redis-py", blackbox.Python(t, "testdata", append([]string{"cluster.py", seeds}, tags...)...), tags)
}

// ioredis starts ioredis's Cluster.
func ioredis(t testing.TB, seeds string, tags []string) *witness {
	t.Helper()
	args := append([]string{"cluster.js", seeds}, tags...)
	return program(t, "ioredis", blackbox.JavaScript(t, "testdata", args...), tags)
}

// program makes a process a witness. It ends when its standard input does.
func program(t testing.TB, library string, command *exec.Cmd, tags []string) *witness {
	t.Helper()
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	process := blackbox.Start(t, library, command)
	heard, finished := 0, false
	return &witness{
		library: library, keys: keysOf(library, tags),
		listen: func() string {
			text := process.Out()[heard:]
			if text == "" && !finished && process.Ended() {
				t.Fatalf("%s has ended:\n%s", library, process.Err())
			}
			heard += len(text)
			return text
		},
		finish: func(t testing.TB) {
			t.Helper()
			finished = true
			input.Close()
			if code := process.ExitCode(blackbox.StopLimit); code != 0 {
				t.Errorf("%s ended with exit code %d:\n%s", library, code, process.Err())
			}
		},
	}
}

func keysOf(library string, tags []string) (keys []string) {
	for _, tag := range tags {
		keys = append(keys, library+":{"+tag+"}")
	}
	return keys
}

// goRedisCluster is a cluster client that asks for the map every second. By default this version asks once a minute, or
// when a node answers MOVED, but not when a node refuses connections: in a cluster of any kind it goes on dialling a
// dead node until the minute is over.
func goRedisCluster(seeds []string) *redis.ClusterClient {
	return redis.NewClusterClient(&redis.ClusterOptions{Addrs: seeds, ClusterStateReloadInterval: time.Second})
}

// goRedis starts a goroutine with go-redis's ClusterClient.
func goRedis(t testing.TB, seeds string, tags []string) *witness {
	t.Helper()
	const library, pause = "go-redis", 20 * time.Millisecond
	keys, words := keysOf(library, tags), &said{}
	client := goRedisCluster(strings.Split(seeds, ","))
	ctx, cancel := context.WithCancel(context.Background())
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		defer client.Close()
		between := time.NewTicker(pause)
		defer between.Stop()
		for round := 1; ; round++ {
			began, whole := time.Now(), true
			for _, key := range keys {
				if err := writeAndRead(ctx, client, key, strconv.Itoa(round)); err != nil {
					whole = false
					words.line("error %d %s", time.Now().UnixMilli(), oneLine(err))
				}
			}
			if whole {
				words.line("round %d %d %d", round, began.UnixMilli(), time.Now().UnixMilli())
			}
			select {
			case <-between.C:
			case <-stop:
				return
			}
		}
	}()
	end := func() { close(stop); <-stopped }
	ended := false
	t.Cleanup(func() {
		if cancel(); !ended {
			end()
		}
	})
	return &witness{library: library, keys: keys, listen: words.take, finish: func(testing.TB) { ended = true; end() }}
}

func writeAndRead(ctx context.Context, client redis.UniversalClient, key, value string) error {
	if err := client.Set(ctx, key, value, 0).Err(); err != nil {
		return fmt.Errorf("SET: %w", err)
	}
	found, err := client.Get(ctx, key).Result()
	if err != nil {
		return fmt.Errorf("GET: %w", err)
	}
	if found != value {
		return fmt.Errorf("%s is %q, not %q", key, found, value)
	}
	return nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
