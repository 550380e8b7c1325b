package worlds

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// TestAStateIsSpoiltWhereItsKeysAre: neither SELECT nor the head of a transaction names a key, and what is added stands
// in the database in which the body ends.
func TestAStateIsSpoiltWhereItsKeysAre(t *testing.T) {
	head := command.TransactionHead([]command.Watched{{Key: []byte("watched"), Index: 1}})
	for lines, want := range map[string]string{
		"SET a 1":                           "a",
		"SELECT 3;SET a 1":                  "a",
		"SET a 1;SELECT 3;SET b 1;DEL c":    "b",
		"BITOP AND d a b":                   "d",
		"SET a 1;SELECT 3":                  "",
		"SELECT 3 32;SET a 1":               "a",
		"head;SELECT 3;SET a 1":             "a",
		"head":                              "",
		"RAFT.ONCE 1 1 SET a 1":             "a",
		"SET a 1;RAFT.ONCE 1 1 SET":         "a",
		"RAFT.ONCE 1 1 SET":                 "",
		"SELECT 1;SET a 1;FLUSHDB":          "a",
		"SELECT 1;FLUSHALL":                 "",
		"SELECT 3 16 4096 100 3000;SET a 1": "a",
	} {
		var body []byte
		for line := range strings.SplitSeq(lines, ";") {
			args := head
			if line != "head" {
				args = nil
				for word := range strings.FieldsSeq(line) {
					args = append(args, []byte(word))
				}
			}
			body = argv.Append(body, args)
		}
		for way := range workload.Spoilings {
			spoilt := KeySpace{}.Spoil(body, way)
			added := string(spoilt[len(body):])
			if (want == "") != (added == "") || !strings.HasPrefix(string(spoilt), string(body)) {
				t.Errorf("%s: %q is added", lines, added)
				continue
			}
			if want == "" {
				continue
			}
			if args, rest, err := argv.Next([]byte(added), nil); err != nil || len(rest) > 0 || string(args[1]) != want {
				t.Errorf("%s: %q is added, want a command on %s", lines, added, want)
			}
		}
	}
}
