package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/raftredis/raftredis/internal/server"
)

// zshEnd makes the script work both as a file that zsh loads when it is needed, and sourced.
const zshEnd = `  esac
}
if [[ "${funcstack[1]}" == "_raftredis" ]]; then
  _raftredis "$@"
else
  compdef _raftredis raftredis
fi
`

func writeZsh(out io.Writer, all []completed) error {
	var b strings.Builder
	b.WriteString("#compdef raftredis\n# made by: raftredis completion zsh\n_raftredis() {\n")
	b.WriteString("  local -a subcommands=(\n")
	for i := range all {
		fmt.Fprintf(&b, "    %s\n", quoted(all[i].name+":"+gist(all[i].summary)))
	}
	b.WriteString("  )\n  if (( CURRENT == 2 )); then\n    _describe subcommand subcommands\n    return\n  fi\n")
	b.WriteString("  local subcommand=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $subcommand in\n")
	for i := range all {
		c := &all[i]
		fmt.Fprintf(&b, "    %s)\n      _arguments", c.name)
		for _, f := range c.flags {
			fmt.Fprintf(&b, " \\\n        %s", quoted(zshFlag(&f)))
		}
		switch {
		case c.files:
			fmt.Fprintf(&b, " \\\n        %s", quoted("1:file:_files"))
		case len(c.arguments) > 0:
			fmt.Fprintf(&b, " \\\n        %s", quoted("1:name:("+strings.Join(c.arguments, " ")+")"))
		}
		b.WriteString(" ;;\n")
	}
	b.WriteString(zshEnd)
	return writeAll(out, &b)
}

// zshFlag is a flag in the words of _arguments.
func zshFlag(f *completedFlag) string {
	spec := "--" + f.name
	if f.takes {
		spec += "="
	}
	spec += "[" + f.summary + "]"
	switch {
	case len(f.choices) > 0:
		spec += ":value:(" + strings.Join(f.choices, " ") + ")"
	case f.kind == server.ValueDirectory:
		spec += ":directory:_files -/"
	case f.kind == server.ValueFile:
		spec += ":file:_files"
	case f.takes:
		spec += ":value: "
	}
	return spec
}
