//go:build !linux

package reactor

import (
	"errors"
	"time"
)

// poller is not there.
type poller struct{}

func newPoller() (*poller, error) { return nil, errors.ErrUnsupported }

func (p *poller) close()                                                {}
func (p *poller) wake()                                                 {}
func (p *poller) watch(int, Watcher) error                              { return errors.ErrUnsupported }
func (p *poller) writable(int, bool) error                              { return errors.ErrUnsupported }
func (p *poller) forget(int)                                            {}
func (p *poller) wait(dst []readySocket, _ time.Duration) []readySocket { return dst }
