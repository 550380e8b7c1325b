package resp

import (
	"errors"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// Some commands give those behind them their meaning: MULTI makes them one transaction, SELECT says in which database
// they are. Clients send such a command and what belongs to it together. When it is refused, what belongs to it is
// refused too: it would be done in another way than was asked, while the library reports that it was not done, and the
// caller tries again.
//
// What else comes before others needs no bar:
//
//	WATCH         without MULTI it binds nothing, and MULTI is refused
//	ASKING        is accepted, and no node answers ASK
//	AUTH, HELLO   who has to authenticate is refused everything until it has; a HELLO that is refused changes nothing
//	CLIENT REPLY  is done; it decides what is sent, not what is executed
//	SUBSCRIBE     what belongs to it comes from others
//	EVAL, FCALL   bring what they would do as arguments

// bars is why the commands of a connection are refused.
type bars uint8

const (
	// byMulti: MULTI was refused. EXEC, DISCARD and RESET end it.
	byMulti bars = 1 << iota
	// bySelect: SELECT was refused. A SELECT that is not, and RESET, end it.
	bySelect
)

// maxBarred is after how long a connection is closed whose client has not ended what MULTI began. That client does not
// know that it began something, and the connection may go back to a pool that others take it from.
const maxBarred = 10 * time.Second

// Replies around transactions. Those to EXEC and DISCARD are Redis's, to the letter.
const (
	noTransactions = "ERR unknown command 'MULTI': there are no transactions here, and what follows it is not executed " +
		"until EXEC or DISCARD"
	noWatching     = "ERR unknown command 'WATCH': there are no transactions here"
	barredByMulti  = "ERR The command was not executed, since the MULTI before it was refused: DISCARD ends that"
	barredBySelect = "ERR The command was not executed, since the SELECT before it was refused: SELECT 0 ends that"
	execAborted    = "EXECABORT Transaction discarded because of previous errors."
	execWithout    = "ERR EXEC without MULTI"
	discardWithout = "ERR DISCARD without MULTI"
)

// errAttack is why a connection ends that speaks HTTP. Nothing is answered, as in Redis.
var errAttack = errors.New("resp: commands of HTTP")

// Words that are no commands here, and are answered in their own way.
const longestWord = len("discard")

// barred answers what is refused, or ends, because of what came before it, and the words around transactions. It is
// false for everything else. A call without a reply says that the connection ends.
func (c *Conn) barred(spec *command.Spec, fault command.Fault, args [][]byte) (call command.Call, is bool) {
	word := ""
	if spec == nil && len(args[0]) <= longestWord {
		word = strings.ToLower(string(args[0]))
	}
	multi, known := c.bars&byMulti != 0, c.facts().authenticated
	switch {
	case word == "post" || word == "host:":
		c.server.attacked(c.session)
		c.reader.Abort(errAttack)
		return command.Call{}, true
	case isAlone(word) && len(args) != 1:
		return c.barredBy(reply.WrongArity(word), nil), true
	case word == "multi":
		if !multi {
			c.bars, c.barredSince = c.bars|byMulti, c.present()
		}
		return c.refusedAs(known, noTransactions), true
	case word == "exec" && multi:
		c.bars &^= byMulti
		return c.refused(execAborted), true
	case word == "discard" && multi:
		c.bars &^= byMulti
		return c.fix(reply.OK), true
	case word == "exec":
		return c.refusedAs(known, execWithout), true
	case word == "discard":
		return c.refusedAs(known, discardWithout), true
	case word == "watch":
		return c.refusedAs(known, noWatching), true
	case multi && !passesMulti(spec, known):
		return c.barredBy(barredByMulti, spec), true
	case word == "unwatch" && known: // nothing is watched
		return c.fix(reply.OK), true
	case word == "unwatch":
		return c.refused(reply.NoAuth), true
	case c.bars&bySelect != 0 && fault == command.NoFault && !isBarrier(spec):
		return c.barredBy(barredBySelect, spec), true
	}
	return command.Call{}, false
}

// isAlone reports whether a word takes no argument. With one it begins and ends nothing: in Redis the transaction
// stands, and its EXEC aborts.
func isAlone(word string) bool {
	return word == "multi" || word == "exec" || word == "discard" || word == "unwatch"
}

// refusedAs refuses a client that is known with a text, and others as Redis does.
func (c *Conn) refusedAs(known bool, text string) command.Call {
	if !known {
		text = reply.NoAuth
	}
	return c.refused(text)
}

// passesMulti reports whether a command is done behind a refused MULTI: it ends that, or makes the client known.
func passesMulti(spec *command.Spec, known bool) bool {
	return spec == command.Reset || spec == command.Quit ||
		spec != nil && !known && spec.Flags&command.FlagNoAuth != 0
}

// refusedSelect notes that SELECT was refused before it looked at its argument. Every client is in database 0.
func (c *Conn) refusedSelect(args [][]byte) {
	if len(args) != 2 || string(args[1]) != "0" {
		c.bars |= bySelect
	}
}

// barredBy refuses a call. The client of a transaction that does not end is closed when it has its reply.
func (c *Conn) barredBy(text string, spec *command.Spec) command.Call {
	if spec != nil {
		c.shard.Rejected(spec.ID())
	}
	if c.bars&byMulti != 0 && c.server.since(c.barredSince) > maxBarred {
		c.reader.Abort(errAbandoned)
	}
	return c.refused(text)
}

// errAbandoned is why a connection ends whose client has forgotten its transaction.
var errAbandoned = errors.New("resp: a refused transaction without an end")
