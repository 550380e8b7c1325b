package clients_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// The witnesses: each knows all nodes and has the default options of its library, go-redis with one exception (see
// goRedisCluster).

// python is Debian's own interpreter: its package python3-redis is no other's.
const python = "/usr/bin/python3"

// redisPy starts redis-py's RedisCluster.
func redisPy(t testing.TB, seeds string, tags []string) *witness {
	t.Helper()
	needRedisPy(t)
	script := filepath.Join("testdata", "cluster.py")
	return program(t, "redis-py", exec.Command(python, append([]string{script, seeds}, tags...)...), tags)
}

func needRedisPy(t testing.TB) {
	t.Helper()
	if output, err := exec.Command(python, "-c", "import redis.cluster").CombinedOutput(); err != nil {
		t.Fatalf("python3-redis is missing: ./test --install installs it (%v)\n%s", err, output)
	}
}

// ioredis starts ioredis's Cluster.
func ioredis(t testing.TB, seeds string, tags []string) *witness {
	t.Helper()
	return program(t, "ioredis", nodeProgram(t, append([]string{"cluster.js", seeds}, tags...)...), tags)
}

// nodeProgram is a script of testdata with its arguments, and with the modules it needs.
func nodeProgram(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	command := blackbox.Tool(t, "node", append([]string{filepath.Join("testdata", args[0])}, args[1:]...)...)
	command.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(installedModules(t), "node_modules"))
	return command
}

// installedModules returns a directory with the modules that package.json names. It is made once for each content of
// the files, in the user's cache, under another name first: one that is there is complete.
func installedModules(t testing.TB) string {
	t.Helper()
	names := []string{"package.json", "package-lock.json"}
	hash := sha256.New()
	texts := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = text
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(cache, "raftredis-test-clients", fmt.Sprintf("%x", hash.Sum(nil)[:8]))
	if _, err := os.Stat(directory); err == nil {
		return directory
	}
	if err := os.MkdirAll(filepath.Dir(directory), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(directory), "fresh-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(fresh, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	install := blackbox.Tool(t, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = fresh
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci of %v: %v (it needs a registry)\n%s", names, err, output)
	}
	if err := os.Rename(fresh, directory); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	return directory
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
