package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/raftredis/raftredis/internal/server"
)

// bashBegin sets what the rest decides by: the subcommand, the flag whose value is being typed, and what is there of
// it. Bash takes a = for a word of its own.
const bashBegin = `# completion of raftredis in bash; made by: raftredis completion bash
_raftredis() {
  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
  local subcommand="${COMP_WORDS[1]}" word
  COMPREPLY=()
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $before == "=" && $COMP_CWORD -gt 2 ]]; then
    before="${COMP_WORDS[COMP_CWORD-2]}"
  fi
  _raftredis_words() {
    for word in $1; do
      [[ $word == "$current"* ]] && COMPREPLY+=("$word")
    done
  }
  _raftredis_files() {
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do
      COMPREPLY+=("$word")
    done < <(compgen "$1" -- "$current")
  }
`

const bashEnd = `}
complete -F _raftredis raftredis
`

func writeBash(out io.Writer, all []completed) error {
	var b strings.Builder
	b.WriteString(bashBegin)
	b.WriteString("  if [[ $COMP_CWORD -eq 1 ]]; then\n")
	var names []string
	for i := range all {
		names = append(names, all[i].name)
	}
	fmt.Fprintf(&b, "    _raftredis_words %s\n    return\n  fi\n", quoted(strings.Join(names, " ")))
	b.WriteString("  case \"$subcommand $before\" in\n")
	for i := range all {
		for _, f := range all[i].flags {
			if f.takes {
				fmt.Fprintf(&b, "    '%s --%s') %s return ;;\n", all[i].name, f.name, bashValue(&f))
			}
		}
	}
	b.WriteString("  esac\n  case \"$subcommand\" in\n")
	for i := range all {
		c := &all[i]
		fmt.Fprintf(&b, "    %s)\n", c.name)
		fmt.Fprintf(&b, "      if [[ $current == -* ]]; then _raftredis_words %s\n", quoted(c.longNames()))
		switch {
		case c.files:
			b.WriteString("      else _raftredis_files -f\n")
		case len(c.arguments) > 0:
			fmt.Fprintf(&b, "      else _raftredis_words %s\n", quoted(strings.Join(c.arguments, " ")))
		}
		b.WriteString("      fi ;;\n")
	}
	b.WriteString("  esac\n")
	b.WriteString(bashEnd)
	return writeAll(out, &b)
}

// bashValue completes the value of a flag; there is nothing to offer for a number.
func bashValue(f *completedFlag) string {
	switch {
	case len(f.choices) > 0:
		return "_raftredis_words " + quoted(strings.Join(f.choices, " ")) + ";"
	case f.kind == server.ValueDirectory:
		return "_raftredis_files -d;"
	case f.kind == server.ValueFile:
		return "_raftredis_files -f;"
	}
	return ""
}
