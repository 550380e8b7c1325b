package server

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

// noticeOf is the notice of a node with some settings, which stand in pairs of name and value.
func noticeOf(t *testing.T, cluster uint64, pairs ...string) []byte {
	t.Helper()
	c := NewConfig()
	for i := 0; i < len(pairs); i += 2 {
		if problem := assign(c.row(pairs[i]), pairs[i], []string{pairs[i+1]}); problem != "" {
			t.Fatal(problem)
		}
	}
	return encodeSettings(newAlike(c, nil).rows, cluster)
}

func TestAlike_DifferencesAreFound(t *testing.T) {
	const cluster, password = 7, "a \"quoted\" word"
	same := noticeOf(t, cluster, "maxmemory", "150mb", "requirepass", password)
	for name, c := range map[string]struct {
		other  []byte
		differ []string
		wanted int64
		text   string
	}{
		"alike":     {same, nil, 150 << 20, "1=157286400,2=157286400"},
		"no notice": {nil, nil, 150 << 20, "1=157286400"},
		"no limit":  {noticeOf(t, cluster), []string{"maxmemory", "requirepass"}, 150 << 20, "1=157286400,2=0"},
		"less": {
			noticeOf(t, cluster, "maxmemory", "149mb", "requirepass", password),
			[]string{"maxmemory"}, 149 << 20, "1=157286400,2=156237824",
		},
		"another view and password": {
			noticeOf(t, cluster, "maxmemory", "150mb", "raft.cluster-view", "off", "requirepass", "b"),
			[]string{"raft.cluster-view", "requirepass"}, 150 << 20, "1=157286400,2=157286400",
		},
		"a later build": {
			append([]byte("not-known-here \"x\"\n garbage\nmore \n"), same...), nil, 150 << 20, "1=157286400,2=157286400",
		},
	} {
		got := compareSettings(map[consensus.NodeID][]byte{1: same, 2: c.other})
		if !slices.Equal(got.differ, c.differ) || got.maxMemory != c.wanted || got.text("maxmemory") != c.text {
			t.Errorf("%s: %q differ, the least maxmemory is %d, all are %q",
				name, got.differ, got.maxMemory, got.text("maxmemory"))
		}
		for _, field := range got.fields() {
			if strings.ContainsAny(field.Name, "-. ") || strings.Contains(field.Value, "quoted") {
				t.Errorf("%s: a field of INFO is %q: %q", name, field.Name, field.Value)
			}
		}
	}
	if text := string(same); strings.Contains(text, "quoted") || !strings.Contains(text, "requirepass \"secret ") {
		t.Errorf("the password is told: %s", text)
	}
	if string(same) == string(noticeOf(t, cluster+1, "maxmemory", "150mb", "requirepass", password)) {
		t.Error("two clusters show the same for one password")
	}
	if len(same) > 1024 {
		t.Errorf("a notice has %d bytes", len(same))
	}
}

func TestAlike_OnlyWhatLastsIsLogged(t *testing.T) {
	var log bytes.Buffer
	a := newAlike(NewConfig(), slog.New(slog.NewTextHandler(&log, nil)))
	same := noticeOf(t, 7)
	look := func(other []byte, times, lines int) {
		t.Helper()
		for range times {
			a.tell(compareSettings(map[consensus.NodeID][]byte{1: same, 2: other}))
		}
		if got := strings.Count(log.String(), "\n"); got != lines {
			t.Errorf("the log has %d lines, want %d:\n%s", got, lines, log.String())
		}
	}
	one, two := noticeOf(t, 7, "timeout", "1"), noticeOf(t, 7, "timeout", "2")
	look(one, steadyLooks-1, 0)
	look(same, 1, 0)
	look(one, steadyLooks-1, 0)
	look(two, steadyLooks-1, 0)
	look(two, 1, 1)
	look(two, 10*steadyLooks, 1)
	look(same, 2, 2)
	look(one, steadyLooks, 3)
}
