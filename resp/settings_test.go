package resp

import (
	"math"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/resp/topology"
)

// withSettings gives options a table of settings, if they have none: as much of the product's as these tests use. The
// product's own is tested where it stands.
func withSettings(o Options, limits Limits) Options {
	if o.Tuning == nil {
		o.Tuning = NewTuning()
	}
	if o.Settings != nil {
		return o
	}
	t := o.Tuning
	number := func(at setting.Cell, minimum, maximum int64) setting.Value {
		return &setting.Int{At: at, Min: minimum, Max: maximum}
	}
	memory := func(at setting.Cell, maximum int) setting.Value {
		return &setting.Memory{Int: setting.Int{At: at, Max: int64(maximum)}}
	}
	for name, value := range map[string]setting.Value{
		"appendfsync":                       setting.Only("always"),
		"appendonly":                        setting.Only("yes"),
		"client-output-buffer-limit":        &t.Output,
		"latency-monitor-threshold":         number(&t.LatencyThresholdMillis, 0, math.MaxInt64),
		"latency-tracking":                  &setting.YesNo{At: &t.LatencyTracking},
		"latency-tracking-info-percentiles": &t.Percentiles,
		"maxclients":                        number(&t.MaxClients, 1, math.MaxUint32),
		"maxmemory":                         memory(&t.MaxMemoryBytes, math.MaxInt64),
		"maxmemory-policy":                  &setting.Choice{At: &t.MemoryPolicy, Words: []string{NoEviction}},
		"proto-max-bulk-len":                memory(&t.MaxBulkBytes, maxQueryBytes),
		"client-query-buffer-limit":         memory(&t.MaxQueryBytes, maxQueryBytes),
		"requirepass":                       &setting.Text{At: &t.Password},
		"save":                              setting.Only(""),
		"slowlog-log-slower-than":           number(&t.SlowerThanMicros, -1, math.MaxInt64),
		"slowlog-max-len":                   number(&t.SlowLogCommands, 0, math.MaxInt64),
		"tcp-keepalive":                     number(&t.KeepAliveSeconds, 0, math.MaxInt32),
		"timeout":                           &setting.Int{At: &t.IdleNanos, Max: math.MaxInt32, Unit: 1e9},
		"tracking-table-max-keys":           number(&t.TrackedKeys, 1, math.MaxInt64),
	} {
		o.Settings = append(o.Settings, &setting.Row{Name: name, Value: value, Live: true})
	}
	clusterEnabled := setting.Only(map[bool]string{true: "no", false: "yes"}[o.ClusterView == topology.NoView])
	for name, value := range map[string]setting.Value{
		"cluster-enabled":      clusterEnabled,
		"databases":            setting.Only("16"),
		"enable-debug-command": &setting.Choice{At: &t.EnableDebug, Words: []string{DebugNo, DebugYes, DebugLocal}},
		"raft.max-entry-bytes": setting.Only(strconv.Itoa(limits.MaxEntryBytes)),
	} {
		o.Settings = append(o.Settings, &setting.Row{Name: name, Value: value})
	}
	return o
}

// tuned are Redis's defaults, but for what change changes.
func tuned(change func(t *Tuning)) *Tuning {
	t := NewTuning()
	change(t)
	return t
}

// withPassword is a tuning in which clients have to give a password.
func withPassword(password string) *Tuning {
	return tuned(func(t *Tuning) { t.Password.Store(password) })
}

// idleFor closes connections that send nothing for so long.
func idleFor(period time.Duration) *Tuning {
	return tuned(func(t *Tuning) { t.IdleNanos.Store(int64(period)) })
}
