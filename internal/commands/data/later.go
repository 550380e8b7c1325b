//go:build !newer

package data

import "github.com/raftredis/raftredis/internal/command"

// laterCommands are those of later feature levels than the ordinary build's: see docs/decisions/0043.
var laterCommands []*command.Spec
