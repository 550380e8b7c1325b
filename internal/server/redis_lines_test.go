package server

import (
	"strings"
	"testing"
)

func TestLines_ASettingIsOfOneKind(t *testing.T) {
	c, kinds := NewConfig(), map[string]string{}
	note := func(name, kind string) {
		if before := kinds[name]; before != "" {
			t.Errorf("%s is %s and %s", name, before, kind)
		}
		kinds[name] = kind
		if row := c.find(name); row != nil && row.Differs() {
			t.Errorf("%s is %s, and has a row", name, kind)
		}
	}
	for _, name := range harmless() {
		note(name, "harmless")
	}
	for _, d := range unmet() {
		for _, name := range strings.Fields(d.names) {
			note(name, "unmet")
		}
	}
}

func TestLines_WhatMattersIsRefusedWithItsReason(t *testing.T) {
	for line, want := range map[string]string{
		"daemonize yes": "foreground", "daemonize no": "", "replicaof a 1": "--join", "tls-port 0": "", "tls-port 1": "TLS",
		"tls-cluster no":          "",
		"min-replicas-to-write 0": "", "min-replicas-to-write 1": "majority", "user default on": "no users",
		"include other.conf": "one file", "unixsocketperm 0": "", "notify-keyspace-events \"\"": "",
		"notify-keyspace-events KEA": "no keyspace events", "rename-command FLUSHALL x": "keep their names",
		"appendonly no": "", "appendfsync everysec": "", "save 900 1 300 10": "", "io-threads 4": "",
		"hz 100": "", "TCP-Backlog 511": "", "supervised auto": "", "cluster-config-file nodes.conf": "",
	} {
		c, err := read(t, line+"\n")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
		name, _, _ := strings.Cut(strings.ToLower(line), " ")
		if want == "" && (len(c.unused) != 1 || c.unused[0] != name) {
			t.Errorf("%s: the log names %v as unused", line, c.unused)
		}
	}
}

// All wrong lines are named at once, and what is not used once.
func TestLines_AllRefusalsComeInOneGo(t *testing.T) {
	c, err := read(t, "hz 1\ndaemonize yes\nport many\nhz 2\nrequirepass \"x\nnosuch 1\nrename-command a b\n")
	if err == nil {
		t.Fatal("the file is taken")
	}
	for _, want := range []string{
		"5 lines are wrong", "line 2: daemonize yes: ", "line 3: port is", "line 5: unbalanced quotes",
		`line 6: unknown setting "nosuch"`, "line 7: rename-command a b: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	if len(c.unused) != 1 || c.unused[0] != "hz" {
		t.Errorf("unused: %v", c.unused)
	}
}

// A policy of eviction decides what is kept of the uses of keys, as in Redis without maxmemory. With it nothing would
// be evicted, so both together are refused: in a file, and by CONFIG SET in whatever order, and at once.
func TestLines_APolicyOfEvictionWantsNoLimit(t *testing.T) {
	for text, want := range map[string]string{
		"maxmemory-policy allkeys-lru\n": "", "maxmemory-policy allkeys-lfu\nmaxmemory 0\n": "",
		"maxmemory 1gb\nmaxmemory-policy noeviction\n":   "",
		"maxmemory 1gb\nmaxmemory-policy volatile-ttl\n": "nothing is evicted",
		"maxmemory-policy nosuch\n":                      "maxmemory-policy is",
	} {
		c, err := read(t, text)
		if err == nil {
			c.node.Directory = t.TempDir()
			err = c.contradictions()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	const limit, policy = "maxmemory", "maxmemory-policy"
	c := NewConfig()
	set := func(name, text, otherName, other string) bool {
		apply, refusal := c.row(name).Check(text, func(asked string) (string, bool) { return other, asked == otherName })
		if refusal == "" && otherName == "" {
			apply()
		}
		return refusal == ""
	}
	for _, step := range []struct {
		name, text, otherName, other string
		ok                           bool
	}{
		{policy, "allkeys-LFU", "", "", true}, {limit, "100mb", "", "", false}, {limit, "0mb", "", "", true},
		{limit, "100mb", policy, "noeviction", true}, {limit, "100mb", policy, "allkeys-lru", false},
		{policy, "noeviction", "", "", true}, {limit, "100mb", "", "", true}, {policy, "volatile-lru", "", "", false},
		{policy, "volatile-lru", limit, "0", true}, {policy, "volatile-lru", limit, "10", false},
	} {
		counts := c.tuning.CountsUses()
		if got := set(step.name, step.text, step.otherName, step.other); got != step.ok {
			t.Errorf("%+v: taken %v, and uses are counted %v", step, got, counts)
		}
	}
	if c.tuning.CountsUses() || c.row(policy).String() != "noeviction" || c.row(limit).String() != "104857600" {
		t.Errorf("%s %s", c.row(policy), c.row(limit))
	}
}
