package server

import (
	"log/slog"
	"path/filepath"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/resp"
)

// Config is what a node is started with. Each setting lives where its user wants it; what remains has a field here.
type Config struct {
	// node, front and tuning are options of the two halves of the server. Run completes them.
	node   consensus.Options
	front  resp.Options
	tuning *resp.Tuning
	// encodings decide how the node says that values are kept.
	encodings *encodings

	port, peerPort     int
	bind               []string
	eventLoop          bool
	announced          announcements
	join, peerRoutes   []string
	secretFile         string
	view, redirect     string
	snapshotLogBytes   int64
	logLevel           string
	logPath, pidPath   string
	profileAddress     string
	lifelineDescriptor int
	hostsFile          string
	clockOffset        time.Duration
	clockOffsetFile    string

	// rows are the table of settings; given are those that the command line or the file has set.
	rows  []*setting.Row
	given map[*setting.Row]bool
	// file is the absolute path of the configuration file; empty: there is none.
	file string
	// unused are the settings of Redis in the file that have no meaning here.
	unused []string
}

// NewConfig returns the defaults: of each package for what it uses, and of the table for the rest.
func NewConfig() *Config {
	c := &Config{node: consensus.DefaultOptions(), tuning: resp.NewTuning()}
	c.encodings = newEncodings(c.tuning)
	c.given = map[*setting.Row]bool{}
	c.snapshotLogBytes = c.node.SnapshotLogBytes
	c.node.MaxHistoryBytes = 0 // complete derives it
	c.rows = c.table()
	for _, row := range c.rows {
		row.Init()
	}
	return c
}

// row finds a setting by its name. It panics for a name that does not exist: the name stands in this package.
func (c *Config) row(name string) *setting.Row {
	for _, row := range c.rows {
		if row.Name == name {
			return row
		}
	}
	panic("there is no setting " + name)
}

// frontOptions are the options of the front end, but for the node behind it.
func (c *Config) frontOptions() resp.Options {
	o := c.front
	o.Version, o.Tuning, o.ConfigFile = versionText(), c.tuning, c.file
	for _, row := range c.rows {
		if !row.Private {
			o.Settings = append(o.Settings, row)
		}
	}
	return o
}

// absoluteDirectory is a directory as messages should name it.
func absoluteDirectory(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

// LogLevels are the levels of the log, the least important lines first.
func LogLevels() []string { return []string{"debug", "info", "warn", "error"} }

// redisLevels are Redis's names of them.
func redisLevels() map[string]string {
	return map[string]string{"verbose": "debug", "notice": "info", "warning": "warn", "nothing": "error"}
}

// level is the level of that name.
func level(name string) (level slog.Level) {
	if err := level.UnmarshalText([]byte(name)); err != nil {
		panic(err) // it is one of LogLevels
	}
	return level
}
