package front

import (
	"bytes"
	"testing"

	"github.com/tidwall/redcon"
)

// recorder is a connection that notes replies, and has further commands ready.
type recorder struct {
	redcon.Conn
	more []redcon.Command
	out  []byte
}

func (r *recorder) ReadPipeline() []redcon.Command { return r.more }
func (r *recorder) WriteString(s string)           { r.out = redcon.AppendString(r.out, s) }
func (r *recorder) WriteError(s string)            { r.out = redcon.AppendError(r.out, s) }
func (r *recorder) WriteBulk(b []byte)             { r.out = redcon.AppendBulk(r.out, b) }
func (r *recorder) WriteNull()                     { r.out = redcon.AppendNull(r.out) }

// steps is a replica that notes what it is asked for, and applies a SET when its end is waited for.
type steps struct {
	store *Store
	taken []string
}

func (s *steps) Set(entry []byte) Pending {
	s.taken = append(s.taken, "set")
	return &step{s, entry}
}

func (s *steps) Confirm() error { s.taken = append(s.taken, "confirm"); return nil }
func (s *steps) Leads() bool    { return true }

type step struct {
	steps *steps
	entry []byte
}

func (s *step) Error() error {
	s.steps.taken = append(s.steps.taken, "end")
	s.steps.store.Apply(1, func(int) []byte { return s.entry })
	return nil
}

func command(args ...string) (c redcon.Command) {
	for _, a := range args {
		c.Args = append(c.Args, []byte(a))
	}
	return c
}

// A GET sees the SETs before it in its pipeline, and none after it; one confirmation serves neighbours.
func TestAPipelineKeepsItsOrder(t *testing.T) {
	r := &steps{store: NewStore()}
	s := &server{store: r.store, replica: r}
	c := &recorder{more: []redcon.Command{
		command("SET", "k", "1"), command("set", "k", "2"), command("GET", "k"), command("get", "absent"),
		command("SET", "k", "3"), command("PING"),
	}}
	s.pipeline(c, command("GET", "k"))
	if want := "$-1\r\n+OK\r\n+OK\r\n$1\r\n2\r\n$-1\r\n+OK\r\n+PONG\r\n"; string(c.out) != want {
		t.Errorf("%q, want %q", c.out, want)
	}
	want := []string{"confirm", "set", "set", "end", "end", "confirm", "set", "end"}
	if len(r.taken) != len(want) {
		t.Fatalf("%q, want %q", r.taken, want)
	}
	for i := range want {
		if r.taken[i] != want[i] {
			t.Errorf("%q, want %q", r.taken, want)
		}
	}
}

func TestEntriesAreWholeOrRefused(t *testing.T) {
	whole := AppendEntry(nil, []byte("key"), []byte("value"))
	key, value, err := Decode(whole)
	if err != nil || string(key) != "key" || string(value) != "value" || len(whole) != EntryBytes(key, value) {
		t.Errorf("%q %q %v", key, value, err)
	}
	for _, bad := range [][]byte{nil, whole[:3], whole[:6], bytes.Repeat([]byte{255}, 8)} {
		if _, _, err := Decode(bad); err == nil {
			t.Errorf("%q is taken for an entry", bad)
		}
	}
}
