package server

import (
	"fmt"
	"log/slog"
)

// LogLevel is the flag --log-level.
type LogLevel struct{ slog.Level }

// Set is for pflag.
func (l *LogLevel) Set(text string) error {
	switch text {
	case "debug":
		l.Level = slog.LevelDebug
	case "info":
		l.Level = slog.LevelInfo
	case "warn":
		l.Level = slog.LevelWarn
	case "error":
		l.Level = slog.LevelError
	default:
		return fmt.Errorf("%q is no level: there are debug, info, warn and error", text)
	}
	return nil
}

// Type is for pflag's help.
func (l *LogLevel) Type() string { return "level" }

// Choices are the levels.
func (l *LogLevel) Choices() []string { return []string{"debug", "info", "warn", "error"} }

// String is the level as Set takes it.
func (l *LogLevel) String() string {
	return map[slog.Level]string{
		slog.LevelDebug: "debug", slog.LevelInfo: "info", slog.LevelWarn: "warn", slog.LevelError: "error",
	}[l.Level]
}
