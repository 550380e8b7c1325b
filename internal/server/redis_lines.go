package server

import (
	"slices"
	"strings"
)

// A line of redis.conf without a row in the table is one of three kinds: it has no meaning here (harmless), it asks for
// something that this server does not do (unmet), or neither server knows it.

// harmless are the settings of Redis that have no meaning here: a line of them is accepted, whatever it says, and named
// in the log. Each group says why.
func harmless() []string {
	var all []string
	for _, group := range []string{
		// Every write is on the disks of a majority before its reply: these ask for less, or for another way.
		`appendonly appendfsync appendfilename appenddirname no-appendfsync-on-rewrite auto-aof-rewrite-percentage
		auto-aof-rewrite-min-size aof-load-truncated aof-use-rdb-preamble aof-rewrite-incremental-fsync
		aof-timestamp-enabled aof-disable-auto-gc save stop-writes-on-bgsave-error rdbcompression rdbchecksum dbfilename
		rdb-del-sync-files rdb-save-incremental-fsync sanitize-dump-payload`,
		// Nodes copy by the log and by snapshots. How is in the settings of the log.
		`replica-serve-stale-data slave-serve-stale-data replica-read-only slave-read-only repl-diskless-sync
		repl-diskless-sync-delay repl-diskless-sync-max-replicas repl-diskless-load repl-ping-replica-period
		repl-ping-slave-period repl-timeout repl-disable-tcp-nodelay repl-backlog-ttl replica-priority slave-priority
		replica-announced replica-ignore-disk-write-errors replica-ignore-maxmemory slave-ignore-maxmemory
		min-replicas-max-lag min-slaves-max-lag propagation-error-behavior`,
		// How Redis lays out and removes what it keeps.
		`activerehashing lazyfree-lazy-eviction lazyfree-lazy-expire lazyfree-lazy-server-del lazyfree-lazy-user-del
		lazyfree-lazy-user-flush replica-lazy-flush slave-lazy-flush list-max-ziplist-entries list-max-ziplist-value
		maxmemory-samples maxmemory-eviction-tenacity lfu-log-factor
		lfu-decay-time active-expire-effort activedefrag active-defrag-ignore-bytes active-defrag-threshold-lower
		active-defrag-threshold-upper active-defrag-cycle-min active-defrag-cycle-max active-defrag-max-scan-fields`,
		// How Redis uses the machine.
		`hz dynamic-hz io-threads io-threads-do-reads jemalloc-bg-thread server_cpulist bio_cpulist
		aof_rewrite_cpulist bgsave_cpulist oom-score-adj oom-score-adj-values disable-thp tcp-backlog socket-mark-id
		set-proc-title proc-title-template always-show-logo ignore-warnings crash-log-enabled crash-memcheck-enabled
		locale-collate shutdown-timeout shutdown-on-sigint shutdown-on-sigterm`,
		// What TLS would do, without tls-port.
		`tls-cert-file tls-key-file tls-key-file-pass tls-client-cert-file tls-client-key-file tls-client-key-file-pass
		tls-dh-params-file tls-ca-cert-file tls-ca-cert-dir tls-auth-clients tls-protocols tls-ciphers tls-ciphersuites
		tls-prefer-server-ciphers tls-session-caching tls-session-cache-size tls-session-cache-timeout`,
		// Scripts, pub/sub and lists of users do not exist yet.
		`lua-time-limit busy-reply-threshold acllog-max-len acl-pubsub-default`,
		// The cluster forms and fails over by itself; --cluster-view says how it looks.
		`cluster-enabled cluster-config-file cluster-migration-barrier cluster-allow-replica-migration
		cluster-replica-validity-factor
		cluster-slave-validity-factor cluster-replica-no-failover cluster-slave-no-failover
		cluster-require-full-coverage cluster-allow-reads-when-down cluster-allow-pubsubshard-when-down
		cluster-link-sendbuf-limit`,
	} {
		all = append(all, strings.Fields(group)...)
	}
	return all
}

// demand is a setting of Redis by which someone asks for what this server does not do.
type demand struct {
	// names are the settings, idle the values that ask for nothing.
	names, idle string
	// reason says why the line is refused, and what to do.
	reason string
}

// unmet are the settings whose values matter: a node that ignored them would break a promise that its user counts on.
func unmet() []demand {
	return []demand{
		{"daemonize", "no", "a node stays in the foreground; let systemd, a container or nohup run it"},
		{"supervised", "no auto", "the process manager learns from the line ready, or from raftredis health"},
		{"include", "", "include is not supported: write everything into one file"},
		{"replicaof slaveof", "", "a node joins a cluster with --join"},
		{"masterauth masteruser", "", "nodes know each other by --cluster-secret-file"},
		{"replica-announce-ip slave-announce-ip replica-announce-port slave-announce-port", "0",
			"what others reach a node at is announced with --announce-host"},
		{"min-replicas-to-write min-slaves-to-write", "0", "every write is on a majority of the nodes"},
		{"maxmemory-clients", "0", "the memory of clients has no common limit; see client-output-buffer-limit"},
		{"notify-keyspace-events", "", "there are no keyspace events"},
		{"rename-command", "", "commands keep their names"},
		{"user aclfile", "", "there are no users; requirepass is the one password"},
		{"loadmodule", "", "there are no modules"},
		{"unixsocket unixsocketperm", "0", "clients connect by TCP"},
		{"bind-source-addr", "", "the system chooses the address of outgoing connections"},
		{"syslog-enabled syslog-ident syslog-facility", "no redis local0", "the log goes to standard error, or to logfile"},
		{"tls-port tls-cluster tls-replication cluster-announce-tls-port", "0 no", "there is no TLS: let a proxy end it"},
	}
}

// refusal is why a line of a setting of Redis is refused; empty: it asks for nothing, or is not of this kind.
func refusal(name string, args []string) string {
	value := strings.Join(args, " ")
	for _, d := range unmet() {
		if !slices.Contains(strings.Fields(d.names), name) {
			continue
		}
		if value == "" || slices.Contains(strings.Fields(d.idle), strings.ToLower(value)) {
			return ""
		}
		return d.reason
	}
	return ""
}

// knownToRedis reports whether Redis has the setting and the table has no row for it.
func knownToRedis(name string) bool {
	return slices.Contains(harmless(), name) || slices.ContainsFunc(unmet(), func(d demand) bool {
		return slices.Contains(strings.Fields(d.names), name)
	})
}
