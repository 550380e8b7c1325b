package server

import (
	"strconv"

	"github.com/raftredis/raftredis/resp"
)

// frontOptions are the options of the front end, but for the node behind it.
func (f *Flags) frontOptions() resp.Options {
	return resp.Options{
		Password: f.password, Limits: f.limits(), Version: versionText(),
		ClusterView: f.clusterView(), RedirectMoved: f.redirect.moved,
		Settings: f.settings(), ConfigFile: f.File.path,
	}
}

// limits are what bounds clients.
func (f *Flags) limits() resp.Limits {
	return resp.Limits{
		MaxClients: f.maxClients, MaxEntryBytes: int(f.maxEntryBytes), MaxOutputBytes: int(f.outputBytes),
		IdleTimeout: f.idleTimeout(),
	}
}

// settings are the flags as CONFIG GET shows them. The password is none of them.
func (f *Flags) settings() []resp.Setting {
	return []resp.Setting{
		{Name: "bind", Value: f.bind},
		{Name: "cluster-node-timeout", Value: strconv.Itoa(f.nodeTimeoutMillis)},
		{Name: "dir", Value: f.absoluteDirectory()},
		{Name: "port", Value: strconv.Itoa(f.port)},
		{Name: "raft.cluster-view", Value: f.clusterView().String()},
		{Name: "raft.election-millis", Value: strconv.Itoa(f.electionMillis)},
		{Name: "raft.heartbeat-millis", Value: strconv.Itoa(f.heartbeatMillis)},
		{Name: "raft.journal-file-bytes", Value: f.journalFileBytes.number()},
		{Name: "raft.leader-wait-millis", Value: strconv.Itoa(f.waitMillis)},
		{Name: "raft.peer-port", Value: strconv.Itoa(f.peerPort)},
		{Name: "raft.redirect", Value: f.redirect.String()},
		{Name: "repl-backlog-size", Value: f.backlog().number()},
		{Name: "raft.snapshot-bytes-per-second", Value: f.snapshotRate.number()},
		{Name: "raft.snapshot-log-bytes", Value: f.snapshotLogBytes.number()},
		{Name: "raft.uncertain-after-millis", Value: strconv.Itoa(f.uncertainAfterMillis)},
	}
}
