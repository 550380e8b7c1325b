package tools_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// lookups are calls of all commands that read keys, and of writes, on keys that are there and keys that are not.
var lookups = []string{
	"SET k v", "GET k", "GET missing", "MGET k missing k", "EXISTS k missing k k", "TYPE k",
	"TYPE missing", "TTL k", "PTTL missing", "EXPIRETIME k", "STRLEN k", "STRLEN missing",
	"GETRANGE k 0 -1", "SUBSTR missing 0 -1", "TOUCH k missing", "OBJECT ENCODING k",
	"OBJECT ENCODING missing", "OBJECT REFCOUNT k", "BITCOUNT k", "BITCOUNT missing", "GETBIT k 0",
	"GETBIT missing 0", "BITPOS k 1", "BITFIELD_RO k GET u8 0", "LCS k missing", "SET k w GET",
	"SET fresh v GET", "GETSET k x", "GETSET other x", "GETEX k", "GETEX missing", "GETDEL k", "GETDEL k",
	"SET k 5", "INCR k", "APPEND k 1", "SETNX k v", "SETNX third v", "MSET a 1 b 2", "MSETNX a 1 c 3",
	"BITOP AND dest a b missing", "COPY a copied", "COPY missing copied", "RENAME a renamed",
	"DEL b missing", "UNLINK b", "EXPIRE k 100", "PERSIST k", "SETRANGE k 0 v", "SETBIT k 1 1",
	"MEMORY USAGE k", "MEMORY USAGE missing", "DBSIZE", "RANDOMKEY", "KEYS *", "SCAN 0", "GET",
}

// keyspace_hits and keyspace_misses count after each of these calls what Redis counts.
func TestLookups_AreCountedAsByRedis(t *testing.T) {
	redis := startRedis(t)
	node := blackbox.StartCluster(t, 1).Nodes[0]
	counted := regexp.MustCompile(`keyspace_hits:\d+\r\nkeyspace_misses:\d+`)
	for i := range lookups {
		lines := append([]string{"CONFIG RESETSTAT"}, append(slices.Clone(lookups[:i+1]), "INFO stats")...)
		theirs := counted.FindString(lastReply(t, "unix", redis, lines))
		ours := counted.FindString(lastReply(t, "tcp", blackbox.Address(node.Port), lines))
		if theirs == "" || ours != theirs {
			t.Fatalf("after %q Redis counts %q, this server %q", lookups[i], theirs, ours)
		}
	}
}
