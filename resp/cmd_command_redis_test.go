package resp

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/raftredis/raftredis/resp/topology"
)

// described is the entry of COMMAND INFO for one command, as text to compare.
func described(entry []any) string {
	sorted := func(v any) []string {
		var words []string
		for _, word := range v.([]any) {
			words = append(words, word.(string))
		}
		slices.Sort(words)
		return words
	}
	text := fmt.Sprintf("arity %v flags %v keys %v %v %v categories %v", entry[1], sorted(entry[2]), entry[3], entry[4],
		entry[5], sorted(entry[6]))
	for _, spec := range entry[8].([]any) {
		fields := spec.(map[any]any)
		text += fmt.Sprintf(" key %v %v %v", sorted(fields["flags"]), fields["begin_search"], fields["find_keys"])
	}
	return text
}

// describe asks for all commands and subcommands.
func describe(t *testing.T, client *redis.Client) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := client.Do(ctx, "COMMAND").Slice()
	if err != nil {
		t.Fatal(err)
	}
	descriptions := make(map[string]string)
	for i := range all {
		entry := all[i].([]any)
		descriptions[entry[0].(string)] = described(entry)
		for _, sub := range entry[9].([]any) {
			descriptions[sub.([]any)[0].(string)] = described(sub.([]any))
		}
	}
	return descriptions
}

func clientOf(t *testing.T, network, address string) *redis.Client {
	client := redis.NewClient(&redis.Options{Network: network, Addr: address, Protocol: 3, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// newerThanReference are the commands that Redis 7.2 and the Redis of the tests, 7.0, describe differently.
var newerThanReference = []string{
	"cluster|shards", "cluster|slots", "command|getkeys", "command|getkeysandflags", "pfcount", "publish", "spublish",
	"wait", "zrank", "zrevrank",
}

func TestRedisAndThisServerDescribeTheirCommonCommandsAlike(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	theirs := describe(t, clientOf(t, "unix", realRedis(t)))
	common := 0
	for name, ours := range describe(t, clientOf(t, "tcp", s.address)) {
		want, known := theirs[name]
		if !known || slices.Contains(newerThanReference, name) {
			continue
		}
		common++
		if ours != want {
			t.Errorf("%s\n got %s\nwant %s", name, ours, want)
		}
	}
	if common < 50 {
		t.Errorf("only %d commands were compared", common)
	}
}

func TestRedisAndThisServerFindTheSameKeys(t *testing.T) {
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for _, call := range [][]string{
		{"get", "a"}, {"SET", "a", "1"}, {"set", "a", "1", "get"}, {"set", "a", "1", "NX", "GeT"},
		{"mset", "a", "1", "b", "2"},
		{"mget", "a", "b", "c"}, {"del", "a", "b"}, {"exists", "a"}, {"strlen", "a"}, {"append", "a", "b"}, {"incr", "a"},
		{"get"}, {"get", "a", "b"}, {"nosuch", "a"}, {"dbsize", "x"}, {"dbsize"}, {"client", "id"}, {"client", "nosuch"},
		{"ping", "a"}, {"mset", "a", "1", "b"},
	} {
		for _, subcommand := range []string{"getkeys", "GETKEYSANDFLAGS"} {
			if len(call) < 2 {
				continue // Redis 7.0 wants an argument more
			}
			compare(t, redis, s, bulk(append([]string{"command", subcommand}, call...)...))
		}
	}
	for _, input := range []string{
		"COMMAND GETKEYSANDFLAGS\r\n", "COMMAND LIST FILTERBY\r\n", "COMMAND LIST FILTERBY NOSUCH x\r\n",
		"COMMAND LIST FILTERBY MODULE x\r\n", "COMMAND LIST FILTERBY ACLCAT nosuch\r\n", "COMMAND LIST x\r\n",
		"COMMAND INFO nosuch\r\n", "COMMAND DOCS nosuch\r\n", "HELLO 3\r\nCOMMAND LIST FILTERBY PATTERN dbsi*\r\n",
		"HELLO 3\r\nCOMMAND INFO dbsize2 del\r\n", "COMMAND INFO del\r\n", "HELLO 3\r\nCOMMAND DOCS nosuch\r\n",
	} {
		compare(t, redis, s, input)
	}
}
