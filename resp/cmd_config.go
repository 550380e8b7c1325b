package resp

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/redisconf"
	"github.com/raftredis/raftredis/internal/reply"
)

// configHandlers answer CONFIG.
var configHandlers = []handler{
	{of: node.ConfigGet, answer: configGet},
	help(node.ConfigHelp),
	{of: node.ConfigResetStat, answer: configResetStat},
	{of: node.ConfigRewrite, answer: configRewrite, slow: true},
	{of: node.ConfigSet, answer: configSet},
}

// findSetting finds a setting by one of its names in any mixture of case, or returns nil.
func (s *Server) findSetting(name string) Setting {
	for _, one := range s.settings {
		for _, own := range one.AllNames() {
			if strings.EqualFold(own, name) {
				return one
			}
		}
	}
	return nil
}

// configGet is CONFIG GET pattern [pattern ...]: each name of a setting once, however many patterns match it.
func configGet(c *Conn, dst []byte, args [][]byte) []byte {
	var all []shownName
	for _, one := range c.server.settings {
		for _, name := range one.AllNames() {
			all = append(all, shownName{of: one, name: name})
		}
	}
	count := 0
	for _, arg := range args[2:] {
		count += matchNames(all, arg)
	}
	dst = reply.MapHeader(dst, c.protocol(), count)
	for _, one := range all {
		if one.shown != "" {
			dst = appendPair(dst, one.shown, one.of.String())
		}
	}
	return dst
}

// shownName is a name of a setting, and how it is shown: empty if it is not.
type shownName struct {
	of          Setting
	name, shown string
}

// matchNames has those names shown that a pattern matches and none before it, and counts them. One that is asked for as
// it is, is shown in the client's spelling, as in Redis.
func matchNames(all []shownName, asked []byte) (count int) {
	pattern, isName := glob.Compile(bytes.ToLower(asked)), !bytes.ContainsAny(asked, "*?[")
	for i := range all {
		one := &all[i]
		if one.shown != "" || !pattern.Match(one.name) {
			continue
		}
		count++
		if one.shown = one.name; isName {
			one.shown = string(asked)
		}
	}
	return count
}

// configSet is CONFIG SET parameter value [parameter value ...]: all of them, or none.
func configSet(c *Conn, dst []byte, args [][]byte) []byte {
	args = args[2:]
	if len(args)%2 != 0 {
		return reply.Error(dst, reply.Syntax)
	}
	s := c.server
	chosen := make([]Setting, 0, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		one := s.findSetting(string(args[i]))
		if one == nil {
			return reply.Error(dst, "ERR Unknown option or number of arguments for CONFIG SET - '"+string(args[i])+"'")
		}
		chosen = append(chosen, one)
	}
	beside := func(name string) (text string, ok bool) {
		for i, one := range chosen {
			if slices.Contains(one.AllNames(), name) {
				return string(args[2*i+1]), true
			}
		}
		return "", false
	}
	s.configMu.Lock()
	defer s.configMu.Unlock()
	var applies []func()
	for i, one := range chosen {
		apply, refusal := one.Check(string(args[2*i+1]), beside)
		if slices.Contains(chosen[:i], one) {
			refusal = "duplicate parameter"
		}
		if refusal != "" {
			return reply.Error(dst, "ERR CONFIG SET failed (possibly related to argument '"+string(args[2*i])+"') - "+refusal)
		}
		applies = append(applies, apply)
	}
	for i, apply := range applies {
		apply()
		if !slices.Contains(s.changed, chosen[i]) {
			s.changed = append(s.changed, chosen[i])
		}
	}
	s.retune()
	return reply.OK(dst)
}

// configResetStat is CONFIG RESETSTAT: all counts begin anew, but for those of what is there now.
func configResetStat(c *Conn, dst []byte, _ [][]byte) []byte {
	c.server.metrics.Mark()
	c.server.calls.Mark()
	c.server.rates.Reset()
	c.server.expiredBefore.Store(c.server.node.Keyspace().Expired)
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

// rewriteConfig replaces the file at once and durably: a reader sees the old text or the new one. It writes what was
// set when it is called; what is set meanwhile waits for nothing.
func (s *Server) rewriteConfig() error {
	s.rewriteMu.Lock()
	defer s.rewriteMu.Unlock()
	now := s.changedDirectives()
	text, err := os.ReadFile(s.configFile)
	if err != nil {
		return err
	}
	path, err := filepath.EvalSymlinks(s.configFile) // a link stays one
	if err != nil {
		return err
	}
	rewritten, directory := redisconf.Rewrite(string(text), now), filepath.Dir(path)
	if err := renameio.WriteFile(path, []byte(rewritten), 0o600, renameio.WithTempDir(directory)); err != nil {
		return err
	}
	return syncDirectory(directory)
}

// syncDirectory makes a rename durable, which renameio leaves to its user.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// changedDirectives are the settings that CONFIG SET has changed, as a file has them.
func (s *Server) changedDirectives() (now []redisconf.Directive) {
	s.configMu.Lock()
	defer s.configMu.Unlock()
	for _, one := range s.changed {
		names := one.AllNames()
		now = append(now, redisconf.Directive{Name: names[0], Synonyms: names[1:], Args: one.Words()})
	}
	return now
}
