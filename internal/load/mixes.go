package load

import "strings"

// mixes are sets of commands that have a name, in the order in which MixNames lists them. The first ones are the tests
// of redis-benchmark; ycsb-* are the shares of reads of the Yahoo Cloud Serving Benchmark's workloads.
var mixes = []struct {
	name     string
	commands []Command
}{
	{"set", []Command{{Template: "SET key:{key} {value}"}}},
	{"get", []Command{{Template: "GET key:{key}"}}},
	{"incr", []Command{{Template: "INCR counter:{key}"}}},
	{"mset", []Command{{Template: "MSET" + strings.Repeat(" key:{key} {value}", 10)}}},
	{"hset", []Command{{Template: "HSET myhash field:{key} {value}"}}},
	{"lpush", []Command{{Template: "LPUSH mylist {value}"}}},
	{"rpush", []Command{{Template: "RPUSH mylist {value}"}}},
	{"lpop", []Command{{Template: "LPOP mylist"}}},
	{"rpop", []Command{{Template: "RPOP mylist"}}},
	{"lrange", []Command{{Template: "LRANGE mylist 0 99"}}},
	{"sadd", []Command{{Template: "SADD myset member:{key}"}}},
	{"spop", []Command{{Template: "SPOP myset"}}},
	{"zadd", []Command{{Template: "ZADD myzset {random} member:{key}"}}},
	{"zpopmin", []Command{{Template: "ZPOPMIN myzset"}}},
	{"xadd", []Command{{Template: "XADD mystream * field {value}"}}},
	{"ping", []Command{{Template: "PING"}}},
	{"fill", []Command{{Template: "SET key:{seq} {value}"}}},
	{"ycsb-a", []Command{{Template: "GET key:{key}", Weight: 50}, {Template: "SET key:{key} {value}", Weight: 50}}},
	{"ycsb-b", []Command{{Template: "GET key:{key}", Weight: 95}, {Template: "SET key:{key} {value}", Weight: 5}}},
	{"types", []Command{
		{Template: "SET key:{key} {value}"}, {Template: "GET key:{key}"}, {Template: "INCR counter:{key}"},
		{Template: "HSET hash:{random} field:{key} {value}"}, {Template: "LPUSH list:{key} {value}"},
		{Template: "LPOP list:{key}"}, {Template: "SADD set:{key} member:{random}"},
		{Template: "ZADD zset:{key} {random} member:{random}"},
	}},
}

// Mix returns the commands of a mix, and whether there is one of that name. "fill" writes each key once if there are as
// many requests as keys.
func Mix(name string) (commands []Command, ok bool) {
	for _, m := range mixes {
		if m.name == name {
			return append([]Command(nil), m.commands...), true
		}
	}
	return nil, false
}

// MixNames are the names of all mixes.
func MixNames() (names []string) {
	for _, m := range mixes {
		names = append(names, m.name)
	}
	return names
}
