//go:build !linux

package playground

import "syscall"

// childAttributes give the child a process group of its own.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// goRunEnded cannot tell here; the channel is never closed.
func goRunEnded() <-chan struct{} { return make(chan struct{}) }
