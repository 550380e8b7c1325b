package server

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/resp"
)

// alikeInterval is how often a node looks whether its settings are those of the others.
const alikeInterval = time.Second

// alikeSettings are the settings that all nodes should have in common: each of them decides what clients see, and a
// client may talk to any node. What the members need to be alike for each other is checked elsewhere: the size of
// journals bounds what leaders take in, and nodes with different secrets never meet.
var alikeSettings = []string{
	"databases", "maxmemory", "raft.max-entry-bytes", "proto-max-bulk-len", "requirepass", "timeout",
	"raft.cluster-view", "raft.redirect", "cluster-node-timeout",
	"raft.leader-wait-millis", "raft.uncertain-after-millis", "raft.heartbeat-millis", "raft.election-millis",
	"raft.read-lease-millis",
}

// secretSetting is shown by something from which it cannot be found.
const secretSetting = "requirepass"

// secretDigits are the digits that stand for a secret: enough to see a difference, too few to find the secret by.
const secretDigits = 4

// alike watches the settings that should be the same on all nodes. Each node tells the others what it has by a notice:
// a line for each setting, its name and its value as a quoted string. A node that knows no notice of another one
// compares nothing with it.
type alike struct {
	rows   []*setting.Row
	logger *slog.Logger
	// found is what was found last.
	found atomic.Pointer[comparison]
	// looks are the differences that there are, by setting. The log has those that lasted for steadyLooks.
	looks map[string]*difference
}

// steadyLooks is for how many looks a difference lasts before the log has it: an operator may be on his way from node
// to node.
const steadyLooks = 4

// difference is a setting that was not the same at some looks in a row.
type difference struct {
	values string
	looks  int
}

// comparison is what all nodes have.
type comparison struct {
	// values are by setting and node.
	values map[string]map[consensus.NodeID]string
	// differ are the settings of which not all nodes have the same, sorted.
	differ []string
	// maxMemory is the least maxmemory of all nodes, 0 if none has one.
	maxMemory int64
}

func newAlike(c *Config, logger *slog.Logger) *alike {
	a := &alike{logger: logger, looks: map[string]*difference{}}
	for _, name := range alikeSettings {
		a.rows = append(a.rows, c.row(name))
	}
	a.found.Store(&comparison{})
	return a
}

// watch tells and compares until the context ends.
func (a *alike) watch(ctx context.Context, node *consensus.Node) {
	ticker := time.NewTicker(alikeInterval)
	defer ticker.Stop()
	for {
		a.look(node)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// look tells what this node has, and compares it with what it has heard.
func (a *alike) look(node *consensus.Node) {
	status := node.Status()
	node.Notify(encodeSettings(a.rows, status.ClusterID))
	now := compareSettings(node.Status().Notices)
	a.found.Store(now)
	a.tell(now)
}

// tell logs what differs, once it has lasted, and that it does not any more.
func (a *alike) tell(now *comparison) {
	for _, name := range now.differ {
		values, known := now.text(name), a.looks[name]
		if known == nil || known.values != values {
			known = &difference{values: values}
			a.looks[name] = known
		}
		if known.looks++; known.looks == steadyLooks {
			a.logger.Warn("a setting that should be the same on all nodes is not", "setting", name, "values", values)
		}
	}
	for name, before := range a.looks {
		if slices.Contains(now.differ, name) {
			continue
		}
		delete(a.looks, name)
		if before.looks >= steadyLooks {
			a.logger.Info("a setting is the same on all nodes again", "setting", name)
		}
	}
}

// encodeSettings is a node's notice.
func encodeSettings(rows []*setting.Row, cluster uint64) []byte {
	var b strings.Builder
	for _, row := range rows {
		value := row.String()
		if row.Name == secretSetting && value != "" {
			salted := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(row.Name+"\x00"+value+"\x00"), cluster))
			value = "secret " + hex.EncodeToString(salted[:])[:secretDigits]
		}
		fmt.Fprintf(&b, "%s %q\n", row.Name, value)
	}
	return []byte(b.String())
}

// compareSettings reads all notices. A line that it does not understand, or a setting that another build does not know,
// is no difference.
func compareSettings(notices map[consensus.NodeID][]byte) *comparison {
	c := &comparison{values: map[string]map[consensus.NodeID]string{}}
	for id, notice := range notices {
		for line := range strings.Lines(string(notice)) {
			name, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			value, err := strconv.Unquote(quoted)
			if err != nil {
				continue
			}
			if c.values[name] == nil {
				c.values[name] = map[consensus.NodeID]string{}
			}
			c.values[name][id] = value
		}
	}
	for name, values := range c.values {
		distinct := map[string]bool{}
		for _, value := range values {
			distinct[value] = true
		}
		if len(distinct) > 1 {
			c.differ = append(c.differ, name)
		}
	}
	slices.Sort(c.differ)
	for _, text := range c.values["maxmemory"] {
		bytes, err := strconv.ParseInt(text, 10, 64)
		if err == nil && bytes > 0 && (c.maxMemory == 0 || bytes < c.maxMemory) {
			c.maxMemory = bytes
		}
	}
	return c
}

// text is what the nodes have of a setting: node=value, in the order of their numbers.
func (c *comparison) text(name string) string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(c.values[name])) {
		parts = append(parts, fmt.Sprintf("%d=%s", id, c.values[name][id]))
	}
	return strings.Join(parts, ",")
}

// fields are the lines of INFO raft: maxmemory of all nodes, and what differs.
func (c *comparison) fields() []resp.Field {
	fields := []resp.Field{
		{Name: "raft_maxmemory_of_nodes", Value: c.text("maxmemory")},
		{Name: "raft_settings_differ", Value: strings.Join(c.differ, ",")},
	}
	for _, name := range c.differ {
		fields = append(fields, resp.Field{
			Name:  "raft_differs_" + strings.ReplaceAll(strings.TrimPrefix(name, "raft."), "-", "_"),
			Value: oneLine(c.text(name)),
		})
	}
	return fields
}
