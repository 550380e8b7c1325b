package server

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestDescriptors_AreDivided(t *testing.T) {
	for _, c := range []struct{ limit, nodes, clients int64 }{
		{64, 32, 0}, {65, 32, 1}, {256, 32, 192}, {257, 32, 193}, {400, 50, 318}, {1024, 128, 864}, {1343, 167, 1144},
		{1344, 168, 1144}, {20_000, 168, 19_800}, {1 << 40, 168, 1<<40 - 200},
	} {
		d := divideDescriptors(c.limit)
		if d.nodes != c.nodes || d.clients != c.clients {
			t.Errorf("of %d, nodes get %d and clients %d; want %d and %d", c.limit, d.nodes, d.clients, c.nodes, c.clients)
		}
		if accepted := int64(d.accepted()); accepted >= d.nodes || accepted < d.nodes/2 {
			t.Errorf("of %d for nodes, %d are for connections that they make", d.nodes, accepted)
		}
	}
}

func TestDescriptors_LowerMaxClientsInOneLine(t *testing.T) {
	limit, err := limitOfDescriptors()
	if err != nil {
		t.Fatal(err)
	}
	room := divideDescriptors(limit).clients
	for _, c := range []struct {
		wanted, want int64
		level        string
	}{{1, 1, "INFO"}, {room, room, "INFO"}, {room + 1, room, "WARN"}, {room + 1000, room, "WARN"}} {
		var log bytes.Buffer
		config := NewConfig()
		config.tuning.MaxClients.Store(c.wanted)
		if err := config.fitDescriptors(slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if got := config.tuning.MaxClients.Load(); got != c.want {
			t.Errorf("maxclients %d becomes %d, want %d", c.wanted, got, c.want)
		}
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, c.level) {
			t.Errorf("maxclients %d: the log says %q", c.wanted, text)
		}
		if config.node.MaxPeerConnections < 1 {
			t.Error("other nodes get no connection")
		}
	}
}
