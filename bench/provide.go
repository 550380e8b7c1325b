package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/raftredis/raftredis/bench/system"
)

// provideAll builds the programs of systems that are not named, into a directory beside those of the systems.
func provideAll(ctx context.Context, p *system.Programs, directory string, peers bool) error {
	programs := filepath.Join(directory, "programs")
	if err := os.Mkdir(programs, 0o755); err != nil {
		return err
	}
	if p.Raftredis == "" {
		p.Raftredis = filepath.Join(programs, "raftredis")
		if err := build(ctx, p.Raftredis); err != nil {
			return err
		}
	}
	if p.Other == "" {
		p.Other = p.Raftredis
	}
	if !peers {
		return nil
	}
	p.Peers = programs + "/"
	command := exec.CommandContext(ctx, "go", "-C", "bench/peers", "build", "-o", p.Peers, "./...")
	// Pebble, of which dragonboat makes use, would want a C compiler.
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build of bench/peers, which wants modules (--systems can leave peers out): %w\n%s", err, output)
	}
	return nil
}
