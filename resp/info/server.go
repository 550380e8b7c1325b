package info

import (
	"fmt"
	"runtime"
	"time"
)

// Server is the section about the process.
type Server struct {
	// RedisVersion is that of the Redis whose commands the node has, OwnVersion the product's.
	RedisVersion, OwnVersion string
	// Mode is cluster or standalone, RunID the node's 40 hex digits.
	Mode, RunID string
	ProcessID   int
	// Listeners are the addresses where clients connect, Port the port of the first.
	Listeners []Listener
	Port      int64
	Now       time.Time
	Uptime    time.Duration
	// Executable and ConfigFile are paths; empty if there is none.
	Executable, ConfigFile string
}

// Listener is a place where clients connect.
type Listener struct {
	Host string
	Port int
}

// Write writes the fields.
func (s *Server) Write(t Text) {
	t.Field("redis_version", s.RedisVersion)
	t.Field("raftredis_version", s.OwnVersion)
	t.Field("redis_mode", s.Mode)
	t.Field("os", runtime.GOOS+" "+runtime.GOARCH)
	t.Field("arch_bits", 32<<(^uint(0)>>63))
	t.Field("go_version", runtime.Version())
	t.Field("process_id", s.ProcessID)
	t.Field("process_supervised", "no")
	t.Field("run_id", s.RunID)
	t.Field("tcp_port", s.Port)
	t.Field("server_time_usec", s.Now.UnixMicro())
	t.Field("uptime_in_seconds", int64(s.Uptime/time.Second))
	t.Field("uptime_in_days", int64(s.Uptime/(24*time.Hour)))
	t.Field("executable", s.Executable)
	t.Field("config_file", s.ConfigFile)
	t.None("io_threads_active")
	for i, l := range s.Listeners {
		t.Fieldf(fmt.Sprint("listener", i), "name=tcp,bind=%s,port=%d", l.Host, l.Port)
	}
}

// Clients is the section about connections.
type Clients struct {
	Connected, Max, Blocked, Tracking int64
	// Listening are those that listen to channels.
	Listening int64
	// LongestInput and LongestOutput are the largest buffers that a connection has now, in bytes.
	LongestInput, LongestOutput int64
}

// Write writes the fields. No command waits for a key, so there are no keys that block a client.
func (c *Clients) Write(t Text) {
	t.Field("connected_clients", c.Connected)
	t.None("cluster_connections")
	t.Field("maxclients", c.Max)
	t.Field("client_recent_max_input_buffer", c.LongestInput)
	t.Field("client_recent_max_output_buffer", c.LongestOutput)
	t.Field("blocked_clients", c.Blocked)
	t.Field("tracking_clients", c.Tracking)
	t.Field("pubsub_clients", c.Listening)
	t.None("total_blocking_keys", "total_blocking_keys_on_nokey")
}

// CPU is the section about processor time, of the process and of its children.
type CPU struct{ System, User, ChildrenSystem, ChildrenUser time.Duration }

// Write writes the fields.
func (c *CPU) Write(t Text) {
	for _, field := range []struct {
		name string
		took time.Duration
	}{
		{"used_cpu_sys", c.System}, {"used_cpu_user", c.User},
		{"used_cpu_sys_children", c.ChildrenSystem}, {"used_cpu_user_children", c.ChildrenUser},
	} {
		t.Fieldf(field.name, "%d.%06d", field.took/time.Second, field.took%time.Second/time.Microsecond)
	}
}
