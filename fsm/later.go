//go:build !newer

package fsm

import "github.com/raftredis/raftredis/fsm/exec"

// laterFunctions are those of command.laterCommands.
var laterFunctions []exec.Function
