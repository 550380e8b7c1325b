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
		"tls-cluster no": "", "maxmemory-policy noeviction": "", "maxmemory-policy allkeys-lru": "nothing is evicted",
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
	c, err := read(t, "hz 1\ndaemonize yes\nport many\nhz 2\nrequirepass \"x\nnosuch 1\nmaxmemory-policy volatile-ttl\n")
	if err == nil {
		t.Fatal("the file is taken")
	}
	for _, want := range []string{
		"5 lines are wrong", "line 2: daemonize yes: ", "line 3: port is", "line 5: unbalanced quotes",
		`line 6: unknown setting "nosuch"`, "line 7: maxmemory-policy volatile-ttl: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	if len(c.unused) != 1 || c.unused[0] != "hz" {
		t.Errorf("unused: %v", c.unused)
	}
}
