package resp

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/redisconf"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
	"github.com/raftredis/raftredis/resp/wire"
)

// configHandlers answer CONFIG.
var configHandlers = []handler{
	{of: command.ConfigGet, answer: configGet},
	help(command.ConfigHelp),
	{of: command.ConfigResetStat, answer: configResetStat},
	{of: command.ConfigRewrite, answer: configRewrite, slow: true},
	{of: command.ConfigSet, answer: configSet},
}

// Setting is a configuration parameter as CONFIG GET shows it: a name of Redis's where Redis has one, and its value in
// force.
type Setting struct{ Name, Value string }

// parameters are all that CONFIG knows, sorted by name: those that can be set, those that are the same for every node
// (what this product does by its nature is said in Redis's words; tools read some of them before they do anything
// else), and those that were given.
func (s *Server) makeParameters(given []Setting) {
	set, limits := &s.settings, s.limits
	clusterEnabled := "yes"
	if s.view == topology.NoView {
		clusterEnabled = "no"
	}
	all := []parameter{
		constant("activerehashing", "no"),
		constant("appendfsync", "always"),
		constant("appendonly", "yes"),
		set.output.parameter(),
		fixed("client-query-buffer-limit", strconv.Itoa(limits.MaxRequestBytes)),
		fixed("cluster-enabled", clusterEnabled),
		constant("cluster-require-full-coverage", "yes"),
		fixed("databases", "1"),
		set.enableDebugCommand(),
		constant("hz", "10"),
		fixed("io-threads", "1"),
		negated("latency-tracking", &s.measures.untracked),
		set.percentilesParameter(),
		integer("latency-monitor-threshold", &set.latencyThresholdMillis, 0, math.MaxInt64),
		constant("lazyfree-lazy-user-flush", "yes"),
		set.mostClients(),
		memory("maxmemory", &s.memory.bytes, 0, math.MaxInt64).then(s.weighMemory),
		constant("maxmemory-clients", "0"),
		constant("maxmemory-policy", "noeviction"),
		constant("notify-keyspace-events", ""),
		memory("proto-max-bulk-len", &set.maxBulkBytes, min(1<<20, int64(limits.MaxBulkBytes)),
			int64(limits.MaxRequestBytes-wire.OverheadBytes)),
		fixed("raft.max-entry-bytes", strconv.Itoa(limits.MaxEntryBytes)),
		set.requirePass(),
		constant("save", ""),
		integer("slowlog-log-slower-than", &set.slowerThanMicros, -1, math.MaxInt64),
		integer("slowlog-max-len", &set.slowLogCount, 0, mostSlowLogCount),
		integer("tcp-keepalive", &set.keepAliveSeconds, 0, math.MaxInt32),
		integer("tracking-table-max-keys", &s.tracker.mostKeys, 1, math.MaxInt64).then(s.tracker.shed),
		set.timeout().then(s.sessions.nudge), // connections that wait already hear of it
	}
	byName := make(map[string]parameter)
	for _, p := range all {
		byName[p.name] = p
	}
	for _, setting := range given {
		name := strings.ToLower(setting.Name)
		byName[name] = fixed(name, setting.Value)
	}
	for _, p := range byName {
		s.parameters = append(s.parameters, p)
	}
	sort.Slice(s.parameters, func(i, j int) bool { return s.parameters[i].name < s.parameters[j].name })
}

// findParameter finds one by its name in any mixture of case, or returns nil.
func (s *Server) findParameter(name string) *parameter {
	for i := range s.parameters {
		if strings.EqualFold(s.parameters[i].name, name) {
			return &s.parameters[i]
		}
	}
	return nil
}

// configGet is CONFIG GET pattern [pattern ...]: each parameter once, whatever patterns match it. One that is asked for
// by its name is answered in the client's spelling, as in Redis.
func configGet(c *Conn, dst []byte, args [][]byte) []byte {
	var matching []Setting
	for i := range c.server.parameters {
		p := &c.server.parameters[i]
		for _, pattern := range args[2:] {
			if !glob.Match(bytes.ToLower(pattern), []byte(p.name)) {
				continue
			}
			name := p.name
			if !bytes.ContainsAny(pattern, "*?[") {
				name = string(pattern)
			}
			matching = append(matching, Setting{name, p.value()})
			break
		}
	}
	dst = reply.MapHeader(dst, c.protocol(), len(matching))
	for _, setting := range matching {
		dst = appendPair(dst, setting.Name, setting.Value)
	}
	return dst
}

// configSet is CONFIG SET parameter value [parameter value ...]: all of them, or none.
func configSet(c *Conn, dst []byte, args [][]byte) []byte {
	args = args[2:]
	if len(args)%2 != 0 {
		return reply.Error(dst, reply.Syntax)
	}
	chosen := make([]*parameter, 0, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		p := c.server.findParameter(string(args[i]))
		if p == nil {
			return reply.Error(dst, "ERR Unknown option or number of arguments for CONFIG SET - '"+string(args[i])+"'")
		}
		chosen = append(chosen, p)
	}
	var applies []func()
	for i, p := range chosen {
		apply, failure := p.check(string(args[2*i+1]), chosen[:i])
		if failure != "" {
			return reply.Error(dst, "ERR CONFIG SET failed (possibly related to argument '"+string(args[2*i])+"') - "+failure)
		}
		applies = append(applies, apply)
	}
	c.server.configMu.Lock()
	defer c.server.configMu.Unlock()
	for i, apply := range applies {
		apply()
		if !slices.Contains(c.server.changed, chosen[i]) {
			c.server.changed = append(c.server.changed, chosen[i])
		}
	}
	return reply.OK(dst)
}

// Configure sets a parameter as CONFIG SET would, before the server serves: for what stands in a configuration file,
// where CONFIG REWRITE leaves it as it is. A parameter that cannot be changed may be given the value that it has. The
// error says what is wrong; where, its caller knows.
func (s *Server) Configure(name, value string) error { return s.configure(name, value) }

// Judge returns the error that Configure would return on the server that these options make, which need not be complete
// yet: neither Store nor Node is looked at. So a file is judged before the node opens anything.
func (o Options) Judge(name, value string) error {
	return newServer(o, o.Limits.withDefaults()).configure(name, value)
}

func (s *Server) configure(name, value string) error {
	p := s.findParameter(name)
	switch {
	case p == nil:
		return fmt.Errorf("there is no parameter %q", name)
	case p.parse == nil && p.value() == value:
		return nil
	case p.parse == nil:
		return fmt.Errorf("%s: %s", p.name, immutable)
	}
	apply, failure := p.parse(value)
	if failure != "" {
		return fmt.Errorf("%s: %s", p.name, failure)
	}
	apply()
	return nil
}

// check reads a new value for the parameter, which must not stand among those before it.
func (p *parameter) check(text string, before []*parameter) (apply func(), failure string) {
	switch {
	case slices.Contains(before, p):
		return nil, "duplicate parameter"
	case p.parse == nil || p.atStart:
		return nil, immutable
	}
	return p.parse(text)
}

// configResetStat is CONFIG RESETSTAT: all counts begin anew, but for those of what is there now.
func configResetStat(c *Conn, dst []byte, _ [][]byte) []byte {
	c.server.stats.reset()
	c.server.measures.reset()
	return reply.OK(dst)
}

// configRewrite is CONFIG REWRITE: what CONFIG SET changed is written into the file from which the node was started.
func configRewrite(c *Conn, dst []byte, _ [][]byte) []byte {
	s := c.server
	if s.configFile == "" {
		return reply.Error(dst, "ERR The server is running without a config file")
	}
	c.inBackground(func() func([]byte) []byte {
		err := s.rewriteConfig()
		if err == nil {
			return reply.OK
		}
		s.logger.Error("the configuration file could not be rewritten", "file", s.configFile, "error", err)
		return func(dst []byte) []byte { return reply.Error(dst, "ERR Rewriting config file: "+err.Error()) }
	})
	return dst
}

// rewriteConfig replaces the file at once and durably: whoever reads it later sees the old text or the new one. What
// was set when it is called is written; what is set meanwhile waits for nothing.
func (s *Server) rewriteConfig() error {
	s.rewriteMu.Lock()
	defer s.rewriteMu.Unlock()
	now := s.changedDirectives()
	text, err := os.ReadFile(s.configFile)
	if err != nil {
		return err
	}
	return replaceFile(s.configFile, redisconf.Rewrite(string(text), now))
}

// changedDirectives are the parameters that CONFIG SET has changed, as a file has them.
func (s *Server) changedDirectives() (now []redisconf.Directive) {
	s.configMu.Lock()
	defer s.configMu.Unlock()
	for _, p := range s.changed {
		now = append(now, redisconf.Directive{Name: p.name, Args: p.arguments()})
	}
	return now
}

// arguments are the value as it stands in a file, where limits of output are several words.
func (p *parameter) arguments() []string {
	if p.name == "client-output-buffer-limit" {
		return strings.Fields(p.value())
	}
	return []string{p.value()}
}

// replaceFile writes a file beside the one that it takes the place of.
func replaceFile(path, text string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // what is left over harms nobody
		}
	}()
	mode := os.FileMode(0o600)
	if old, err := os.Stat(path); err == nil {
		mode = old.Mode().Perm()
	}
	_, err = file.WriteString(text)
	for _, step := range []func() error{func() error { return file.Chmod(mode) }, file.Sync} {
		if err == nil {
			err = step()
		}
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", file.Name(), err)
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// syncDirectory makes a rename durable.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	err = directory.Sync()
	if closing := directory.Close(); err == nil {
		err = closing
	}
	return err
}
