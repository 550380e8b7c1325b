package vfs

import (
	"io"
	"io/fs"
)

// memoryFile is an open file of a Memory.
type memoryFile struct {
	m      *Memory
	path   string
	node   *node
	closed bool
}

func (f *memoryFile) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.m.ask(OpRead, f.path); err != nil {
		return 0, err
	}
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("read"); err != nil {
		return 0, err
	}
	if offset >= f.node.contents.size {
		return 0, io.EOF
	}
	n := f.node.contents.readAt(p, offset)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memoryFile) WriteAt(p []byte, offset int64) (int, error) {
	fault := f.m.ask(OpWrite, f.path)
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("write"); err != nil {
		return 0, err
	}
	if fault != nil {
		half := len(p) / 2
		f.node.write(p[:half], offset)
		return half, fault
	}
	f.node.write(p, offset)
	return len(p), nil
}

func (f *memoryFile) Sync() error {
	fault := f.m.ask(OpSync, f.path)
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("sync"); err != nil {
		return err
	}
	if fault != nil {
		f.node.failSync()
		return &fs.PathError{Op: "sync", Path: f.path, Err: fault}
	}
	f.node.sync()
	return nil
}

func (f *memoryFile) Truncate(size int64) error {
	if err := f.m.ask(OpTruncate, f.path); err != nil {
		return err
	}
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("truncate"); err != nil {
		return err
	}
	f.node.truncate(size)
	return nil
}

func (f *memoryFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return f.node.contents.size, f.check("stat")
}

func (f *memoryFile) Close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	err := f.check("close")
	f.closed = true
	return err
}

func (f *memoryFile) check(op string) error {
	if f.closed {
		return &fs.PathError{Op: op, Path: f.path, Err: fs.ErrClosed}
	}
	return nil
}
