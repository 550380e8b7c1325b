package inspect

import (
	"bytes"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// What is in a session is another program's: its session and size are shown, and not what its bytes would be in Redis.
func TestWhatIsInASessionIsNamed(t *testing.T) {
	body := raftlog.SessionBody{Operation: raftlog.SessionCommand, Session: 7, Sequence: 8, Command: []byte("command")}
	for want, e := range map[string]raftlog.Entry{
		"session 7, sequence 8, 7 bytes": {
			Kind: raftlog.EntrySession, Body: append(body.AppendHeader(nil), body.Command...),
		},
		"the body of an entry in a session is malformed": {Kind: raftlog.EntrySession, Body: []byte("no body")},
		"7 bytes, 5 to come":                             {Kind: raftlog.EntrySessionPiece, Left: 5, Body: []byte("a piece")},
	} {
		var out bytes.Buffer
		describeEntries(&out, []raftlog.Entry{e})
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}
