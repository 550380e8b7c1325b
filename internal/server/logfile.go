package server

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"github.com/raftredis/raftredis/internal/exit"
)

// logFile is the file that the log goes to. It can be opened again after someone has renamed it.
type logFile struct {
	path string

	mu   sync.Mutex
	file *os.File
}

func openLogFile(path string) (*logFile, error) {
	l := &logFile{path: path}
	if err := l.reopen(); err != nil {
		return nil, &exit.UsageError{Text: fmt.Sprintf("logfile: %v", err)}
	}
	return l, nil
}

// Write appends to the file.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Write(line)
}

// reopen opens the path again. If that fails the log stays where it is.
func (l *logFile) reopen() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close() // its lines are written; nothing more can be done for them
	}
	l.file = file
	return nil
}

// destination is where the log goes: the file of the setting logfile, or standard error.
func (c *Config) destination(standard io.Writer) (io.Writer, error) {
	if c.logPath == "" {
		return standard, nil
	}
	return openLogFile(c.logPath)
}

// hangups makes SIGHUP harmless, as with Redis: log rotation and the end of a terminal send it. A log file is opened
// again, so that rotation by renaming works. The goroutine lives as long as the process.
func hangups(destination io.Writer, logger *slog.Logger) {
	received := make(chan os.Signal, 1) // one that waits serves for several
	signal.Notify(received, syscall.SIGHUP)
	go func() {
		for range received {
			file, is := destination.(*logFile)
			if !is {
				logger.Info("SIGHUP is ignored: the log goes to standard error, and SIGTERM stops the node")
				continue
			}
			if err := file.reopen(); err != nil {
				logger.Warn("SIGHUP: the log file cannot be opened again; the log goes on in the old one", "error", err)
				continue
			}
			logger.Info("SIGHUP: the log file was opened again", "file", file.path)
		}
	}()
}

// notePID writes the file of the setting pidfile, and returns what removes it. As with Redis, a file that cannot be
// written is no reason to stop.
func (c *Config) notePID(logger *slog.Logger) (remove func()) {
	if c.pidPath == "" {
		return func() {}
	}
	if err := os.WriteFile(c.pidPath, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		logger.Warn("the file for the process id cannot be written", "error", err)
		return func() {}
	}
	return func() { _ = os.Remove(c.pidPath) }
}
