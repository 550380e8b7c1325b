package resp

import (
	"bytes"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/reply"
)

// Setting is a configuration parameter as CONFIG GET shows it: a name of Redis's where Redis has one, and its value in
// force.
type Setting struct{ Name, Value string }

// ownSettings are the parameters whose values this package knows, and those that are the same for every node: what this
// product does by its nature is said in Redis's words. Tools read some of them before they do anything else.
func ownSettings(limits Limits, view ClusterView) []Setting {
	clusterEnabled := "yes"
	if view == NoView {
		clusterEnabled = "no"
	}
	seconds := func(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }
	return []Setting{
		{"appendfsync", "always"},
		{"appendonly", "yes"},
		{"client-output-buffer-limit", "normal " + strconv.Itoa(limits.MaxOutputBytes) + " 0 0"},
		{"client-query-buffer-limit", strconv.Itoa(limits.MaxRequestBytes)},
		{"cluster-enabled", clusterEnabled},
		{"databases", "1"},
		{"io-threads", "1"},
		{"maxclients", strconv.Itoa(limits.MaxClients)},
		{"maxmemory", "0"},
		{"maxmemory-policy", "noeviction"},
		{"proto-max-bulk-len", strconv.Itoa(limits.MaxBulkBytes)},
		{"raft.max-entry-bytes", strconv.Itoa(limits.MaxEntryBytes)},
		{"save", ""},
		{"tcp-keepalive", seconds(keepAlivePeriod)},
		{"timeout", seconds(limits.IdleTimeout)},
	}
}

// mergeSettings puts the given settings over the own ones; the result is sorted by name.
func mergeSettings(own, given []Setting) []Setting {
	byName := make(map[string]string)
	for _, setting := range append(own, given...) {
		byName[strings.ToLower(setting.Name)] = setting.Value
	}
	merged := make([]Setting, 0, len(byName))
	for name, value := range byName {
		merged = append(merged, Setting{name, value})
	}
	sort.Slice(merged, func(i, j int) bool { return merged[i].Name < merged[j].Name })
	return merged
}

// configGet is CONFIG GET pattern [pattern ...]: each parameter once, whatever patterns match it. One that is asked for
// by its name is answered in the client's spelling, as in Redis.
func configGet(c *Conn, dst []byte, args [][]byte) []byte {
	var matching []Setting
	for _, setting := range c.front.settings {
		for _, pattern := range args[2:] {
			if !glob.Match(bytes.ToLower(pattern), []byte(setting.Name)) {
				continue
			}
			if !bytes.ContainsAny(pattern, "*?[") {
				setting.Name = string(pattern)
			}
			matching = append(matching, setting)
			break
		}
	}
	dst = reply.MapHeader(dst, c.protocol(), len(matching))
	for _, setting := range matching {
		dst = appendPair(dst, setting.Name, setting.Value)
	}
	return dst
}
