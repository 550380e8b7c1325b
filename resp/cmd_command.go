package resp

import (
	"bytes"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/reply"
)

// commandHandlers answer COMMAND, which shows the command table.
var commandHandlers = []handler{
	{of: node.Command, answer: commandAll},
	{of: node.CommandCount, answer: commandCount},
	{of: node.CommandDocs, answer: commandDocs},
	{of: node.CommandGetKeys, answer: commandGetKeys},
	{of: node.CommandGetKeysAndFlags, answer: commandGetKeysAndFlags},
	help(node.CommandHelp),
	{of: node.CommandInfo, answer: commandInfo},
	{of: node.CommandList, answer: commandList},
}

func commandCount(_ *Conn, dst []byte, _ [][]byte) []byte {
	return reply.Integer(dst, int64(len(commands.All())))
}

func commandAll(c *Conn, dst []byte, _ [][]byte) []byte {
	all := commands.All()
	dst = reply.ArrayHeader(dst, len(all))
	for _, spec := range all {
		dst = appendSpec(dst, c.protocol(), spec)
	}
	return dst
}

// commandInfo is COMMAND INFO [name ...]; an unknown name has a null at its place.
func commandInfo(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) == 2 {
		return commandAll(c, dst, args)
	}
	dst = reply.ArrayHeader(dst, len(args)-2)
	for _, name := range args[2:] {
		if spec := findSpec(name); spec != nil {
			dst = appendSpec(dst, c.protocol(), spec)
		} else {
			dst = reply.Null(dst, c.protocol())
		}
	}
	return dst
}

// findSpec finds a command by its name, or a subcommand by container|name.
func findSpec(name []byte) *command.Spec {
	container, own, isSubcommand := bytes.Cut(name, []byte("|"))
	spec, ok := commands.Lookup(container)
	if ok && isSubcommand {
		spec, ok = spec.Subcommand(own)
	}
	if !ok {
		return nil
	}
	return spec
}

// appendSpec appends the ten elements that describe a command.
func appendSpec(dst []byte, protocol int, spec *command.Spec) []byte {
	dst = reply.ArrayHeader(dst, 10)
	dst = reply.BulkString(dst, spec.Name)
	dst = reply.Integer(dst, int64(spec.Arity))
	dst = appendNames(dst, protocol, spec.Flags.Names())
	first, last, step := spec.KeyRange()
	dst = reply.Integer(dst, int64(first))
	dst = reply.Integer(dst, int64(last))
	dst = reply.Integer(dst, int64(step))
	dst = appendNames(dst, protocol, spec.AllCategories().Names())
	dst = reply.SetHeader(dst, protocol, len(spec.Tips))
	for _, tip := range spec.Tips {
		dst = reply.BulkString(dst, tip)
	}
	dst = appendKeySpecs(dst, protocol, spec)
	if len(spec.Subcommands) == 0 {
		return reply.SetHeader(dst, protocol, 0)
	}
	dst = reply.ArrayHeader(dst, len(spec.Subcommands))
	for _, sub := range spec.Subcommands {
		dst = appendSpec(dst, protocol, sub)
	}
	return dst
}

// appendKeySpecs appends where the keys of a command stand.
func appendKeySpecs(dst []byte, protocol int, spec *command.Spec) []byte {
	keySpecs := spec.KeySpecs
	dst = reply.SetHeader(dst, protocol, len(keySpecs))
	for i := range keySpecs {
		k := &keySpecs[i]
		dst = reply.MapHeader(dst, protocol, 3)
		dst = appendNames(reply.BulkString(dst, "flags"), protocol, k.Flags)
		if k.Unknown {
			dst = appendMethod(dst, protocol, "begin_search", "unknown", 0)
			dst = appendMethod(dst, protocol, "find_keys", "unknown", 0)
			continue
		}
		if k.Keyword != "" {
			dst = appendMethod(dst, protocol, "begin_search", "keyword", 2)
			dst = appendPair(dst, "keyword", k.Keyword)
			dst = appendCount(dst, "startfrom", k.First)
		} else {
			dst = appendMethod(dst, protocol, "begin_search", "index", 1)
			dst = appendCount(dst, "index", k.First)
		}
		if k.Counted {
			dst = appendMethod(dst, protocol, "find_keys", "keynum", 3)
			dst = appendCount(appendCount(dst, "keynumidx", 0), "firstkey", 1)
			dst = appendCount(dst, "keystep", k.Step)
		} else {
			dst = appendMethod(dst, protocol, "find_keys", "range", 3)
			dst = appendCount(appendCount(dst, "lastkey", k.Last), "keystep", k.Step)
			dst = appendCount(dst, "limit", k.Limit)
		}
	}
	return dst
}

// appendMethod appends how something is found: the type of the method, and the header of its fields.
func appendMethod(dst []byte, protocol int, what, name string, fields int) []byte {
	dst = appendPair(reply.MapHeader(reply.BulkString(dst, what), protocol, 2), "type", name)
	return reply.MapHeader(reply.BulkString(dst, "spec"), protocol, fields)
}

func appendCount(dst []byte, name string, n int) []byte {
	return reply.Integer(reply.BulkString(dst, name), int64(n))
}

func appendNames(dst []byte, protocol int, names []string) []byte {
	dst = reply.SetHeader(dst, protocol, len(names))
	for _, name := range names {
		dst = reply.Simple(dst, name)
	}
	return dst
}

// commandDocs is COMMAND DOCS [name ...]; it skips unknown names.
func commandDocs(c *Conn, dst []byte, args [][]byte) []byte {
	specs := commands.All()
	if len(args) > 2 {
		specs = specs[:0]
		for _, name := range args[2:] {
			if spec := findSpec(name); spec != nil {
				specs = append(specs, spec)
			}
		}
	}
	dst = reply.MapHeader(dst, c.protocol(), len(specs))
	for _, spec := range specs {
		dst = appendDocs(dst, c.protocol(), spec)
	}
	return dst
}

func appendDocs(dst []byte, protocol int, spec *command.Spec) []byte {
	arguments := spec.Arguments()
	fields := 4 + digit(len(arguments) > 0) + digit(len(spec.Subcommands) > 0)
	dst = reply.MapHeader(reply.BulkString(dst, spec.Name), protocol, fields)
	dst = appendPair(dst, "summary", spec.Summary)
	dst = appendPair(dst, "since", spec.Since)
	dst = appendPair(dst, "group", spec.Group)
	dst = appendPair(dst, "complexity", spec.Complexity)
	if len(arguments) > 0 {
		dst = appendArguments(reply.BulkString(dst, "arguments"), protocol, arguments)
	}
	if len(spec.Subcommands) == 0 {
		return dst
	}
	dst = reply.MapHeader(reply.BulkString(dst, "subcommands"), protocol, len(spec.Subcommands))
	for _, sub := range spec.Subcommands {
		dst = appendDocs(dst, protocol, sub)
	}
	return dst
}

// appendArguments appends the arguments of a command, each as a map.
func appendArguments(dst []byte, protocol int, arguments []command.Argument) []byte {
	dst = reply.ArrayHeader(dst, len(arguments))
	for i := range arguments {
		dst = appendArgument(dst, protocol, &arguments[i])
	}
	return dst
}

func appendArgument(dst []byte, protocol int, a *command.Argument) []byte {
	flags := a.Flags()
	fields := 2 + digit(a.Display != "") + digit(a.KeySpec >= 0) + digit(a.Token != "") + digit(len(flags) > 0) +
		digit(len(a.Arguments) > 0)
	dst = reply.MapHeader(dst, protocol, fields)
	dst = appendPair(dst, "name", a.Name)
	dst = appendPair(dst, "type", a.Type)
	if a.Display != "" {
		dst = appendPair(dst, "display_text", a.Display)
	}
	if a.KeySpec >= 0 {
		dst = reply.Integer(reply.BulkString(dst, "key_spec_index"), int64(a.KeySpec))
	}
	if a.Token != "" {
		dst = appendPair(dst, "token", a.Token)
	}
	if len(flags) > 0 {
		dst = appendNames(reply.BulkString(dst, "flags"), protocol, flags)
	}
	if len(a.Arguments) > 0 {
		dst = appendArguments(reply.BulkString(dst, "arguments"), protocol, a.Arguments)
	}
	return dst
}

// commandList is COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern], with all subcommands.
func commandList(_ *Conn, dst []byte, args [][]byte) []byte {
	accepts := func(*command.Spec) bool { return true }
	if len(args) > 2 {
		accepts = listFilter(args[2:])
		if accepts == nil {
			return reply.Error(dst, reply.Syntax)
		}
	}
	var names []string
	for spec := range commands.Each() {
		if accepts(spec) {
			names = append(names, spec.Name)
		}
	}
	dst = reply.ArrayHeader(dst, len(names))
	for _, name := range names {
		dst = reply.BulkString(dst, name)
	}
	return dst
}

// listFilter reads the filter of COMMAND LIST, and answers nil to a syntax error.
func listFilter(args [][]byte) func(*command.Spec) bool {
	if len(args) != 3 || !strings.EqualFold(string(args[0]), "filterby") {
		return nil
	}
	value := bytes.ToLower(args[2])
	switch strings.ToLower(string(args[1])) {
	case "module":
		return func(*command.Spec) bool { return false }
	case "pattern":
		pattern := glob.Compile(value)
		return func(spec *command.Spec) bool { return pattern.Match(spec.Name) }
	case "aclcat":
		return func(spec *command.Spec) bool {
			return slices.Contains(spec.AllCategories().Names(), "@"+string(value))
		}
	}
	return nil
}

// Error texts of COMMAND GETKEYS, to the letter those of Redis.
const (
	noSuchCommand  = "ERR Invalid command specified"
	keylessCommand = "ERR The command has no key arguments"
	wrongKeyCount  = "ERR Invalid number of arguments specified for command"
	noKeysFound    = "ERR Invalid arguments specified for command"
)

// keysOf finds the keys of a command given as arguments, or the text of an error.
func keysOf(args [][]byte) (spec *command.Spec, positions []int, failure string) {
	spec, fault := commands.Find(args)
	switch {
	case fault == command.UnknownCommand, fault == command.UnknownSubcommand:
		return nil, nil, noSuchCommand
	case spec.Wraps == 0 && !spec.HasKeys():
		return nil, nil, keylessCommand
	case fault == command.WrongArity:
		return nil, nil, wrongKeyCount
	case spec.Wraps > 0:
		return keysWithin(spec, args)
	}
	if positions = spec.Keys(nil, args); len(positions) == 0 {
		return nil, nil, noKeysFound
	}
	return spec, positions, ""
}

// keysWithin is keysOf for a command that carries another one, which itself carries none.
func keysWithin(spec *command.Spec, args [][]byte) (_ *command.Spec, positions []int, failure string) {
	inner := args[spec.Wraps:]
	if carried, _ := commands.Find(inner); carried != nil && carried.Wraps > 0 {
		return nil, nil, keylessCommand
	}
	_, positions, failure = keysOf(inner)
	for i := range positions {
		positions[i] += spec.Wraps
	}
	return spec, positions, failure
}

// commandGetKeys is COMMAND GETKEYS command [argument ...].
func commandGetKeys(_ *Conn, dst []byte, args [][]byte) []byte {
	args = args[2:]
	_, positions, failure := keysOf(args)
	if failure != "" {
		return reply.Error(dst, failure)
	}
	dst = reply.ArrayHeader(dst, len(positions))
	for _, at := range positions {
		dst = reply.Bulk(dst, args[at])
	}
	return dst
}

// commandGetKeysAndFlags is COMMAND GETKEYSANDFLAGS command [argument ...].
func commandGetKeysAndFlags(c *Conn, dst []byte, args [][]byte) []byte {
	args = args[2:]
	spec, positions, failure := keysOf(args)
	if failure != "" {
		return reply.Error(dst, failure)
	}
	dst = reply.ArrayHeader(dst, len(positions))
	for _, at := range positions {
		dst = reply.Bulk(reply.ArrayHeader(dst, 2), args[at])
		dst = appendNames(dst, c.protocol(), spec.KeyFlags(at, args))
	}
	return dst
}
