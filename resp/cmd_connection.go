package resp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// connectionHandlers answer the commands on a connection.
var connectionHandlers = []handler{
	{of: node.Asking, answer: asking, pure: true},
	{of: node.Auth, answer: auth},
	{of: node.Echo, answer: echo, pure: true},
	{of: node.Hello, answer: hello},
	{of: node.Ping, answer: ping, pure: true},
	{of: node.Quit, answer: quit},
	{of: node.ReadOnly, answer: readOnly},
	{of: node.ReadWrite, answer: readWrite},
	{of: node.Reset, answer: reset},
	{of: node.Select, answer: selectDatabase},
}

// Error texts of the commands here, to the letter those of Redis.
const (
	authUnconfigured = "ERR AUTH <password> called without any password configured for the default user. " +
		"Are you sure your configuration is correct?"
	helloUnauthenticated = "NOAUTH HELLO must be called with the client already authenticated, otherwise the " +
		"HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol " +
		"version at the same time"
	notInt32 = "ERR value is out of range, value must between -2147483648 and 2147483647"
	// readOnlyRemoved is not Redis's.
	readOnlyRemoved = "ERR this node was removed from its cluster and learns of no write any more: connect to a member"
)

func ping(c *Conn, dst []byte, args [][]byte) []byte {
	switch {
	case len(args) > 2:
		return reply.Error(dst, reply.WrongArity("ping"))
	case c.bars&byListening != 0: // it looks like a message
		dst = reply.BulkString(reply.ArrayHeader(dst, 2), "pong")
		if len(args) == 1 {
			return reply.BulkString(dst, "")
		}
	case len(args) == 1:
		return reply.Simple(dst, "PONG")
	}
	return reply.Bulk(dst, args[1])
}

func echo(_ *Conn, dst []byte, args [][]byte) []byte { return reply.Bulk(dst, args[1]) }

// quit answers and ends the connection. Replies to everything before it stand in the output already. A client that
// has read the reply is gone: nothing is posted to the connection any more, and clients that redirected their
// invalidations to it learn so.
func quit(c *Conn, dst []byte, _ [][]byte) []byte {
	c.phase = ended
	c.stopTracking()
	c.stopListening()
	c.server.sessions.close(c.session)
	return reply.OK(dst)
}

// asking is ASKING, which clients say before a command that was sent elsewhere by ASK. No node says ASK.
func asking(_ *Conn, dst []byte, _ [][]byte) []byte { return reply.OK(dst) }

// selectDatabase is SELECT index. A client that names no database stays in its own.
func selectDatabase(c *Conn, dst []byte, args [][]byte) []byte {
	database, refusal := c.parseDatabase(args[1])
	if refusal != "" {
		return reply.Error(dst, refusal)
	}
	c.choose(database)
	return reply.OK(dst)
}

// parseDatabase reads the number of a database. refusal is why it is none, empty if it is.
func (c *Conn) parseDatabase(arg []byte) (database int, refusal string) {
	index, ok := number.Parse(arg)
	switch {
	case !ok:
		return 0, reply.NotInteger
	case index != int64(int32(index)):
		return 0, notInt32
	case index < 0 || index >= int64(c.server.limits.Databases):
		return 0, reply.DBOutOfRange
	}
	return int(index), ""
}

// choose puts the client into a database. No run is under way.
func (c *Conn) choose(database int) {
	c.session.set(func(f *facts) { f.database = database })
	c.request.Run.Database = database
	c.bars &^= bySelect
}

// auth is AUTH [username] password. There is one user, "default".
func auth(c *Conn, dst []byte, args [][]byte) []byte {
	user, password := []byte("default"), args[len(args)-1]
	switch {
	case len(args) > 3:
		return reply.Error(dst, reply.Syntax)
	case len(args) == 3:
		user = args[1]
	case c.server.password() == "":
		return reply.Error(dst, authUnconfigured)
	}
	if !c.authenticate(user, password) {
		return reply.Error(dst, reply.WrongPass)
	}
	return reply.OK(dst)
}

// authenticate checks a password in constant time. Failure leaves the client as it was.
func (c *Conn) authenticate(user, password []byte) bool {
	wanted := c.server.password()
	if string(user) != "default" || wanted != "" && subtle.ConstantTimeCompare(password, []byte(wanted)) != 1 {
		c.server.metrics.AuthDenied.Inc()
		return false
	}
	c.session.set(func(f *facts) { f.authenticated = true })
	c.reader.SetUnauthenticated(false)
	return true
}

// helloOptions are what HELLO was called with; protocol is 0 if not given, user and name nil.
type helloOptions struct {
	protocol             int
	user, password, name []byte
}

// parseHello returns the options or the text of an error.
func parseHello(args [][]byte) (o helloOptions, failure string) {
	if len(args) > 1 {
		protocol, ok := number.Parse(args[1])
		switch {
		case !ok:
			return o, reply.NotProtoInteger
		case protocol != reply.RESP2 && protocol != reply.RESP3:
			return o, reply.NoProto
		}
		o.protocol = int(protocol)
	}
	for i := 2; i < len(args); i++ {
		option, following := string(args[i]), len(args)-1-i
		switch {
		case strings.EqualFold(option, "auth") && following >= 2:
			o.user, o.password = args[i+1], args[i+2]
			i += 2
		case strings.EqualFold(option, "setname") && following >= 1:
			o.name = args[i+1]
			i++
		default:
			return o, "ERR Syntax error in HELLO option '" + option + "'"
		}
	}
	return o, ""
}

// hello is HELLO [protocol [AUTH user password] [SETNAME name]]. A bad name leaves a good password in force, as in
// Redis.
func hello(c *Conn, dst []byte, args [][]byte) []byte {
	options, failure := parseHello(args)
	switch {
	case failure != "":
		return reply.Error(dst, failure)
	case options.user != nil && !c.authenticate(options.user, options.password):
		return reply.Error(dst, reply.WrongPass)
	case !c.facts().authenticated:
		return reply.Error(dst, helloUnauthenticated)
	case !plainText(options.name):
		return reply.Error(dst, badClientName)
	}
	dst = c.turn(dst, func(f *facts) {
		if options.name != nil {
			f.name = string(options.name)
		}
		if options.protocol != 0 {
			f.protocol = options.protocol
		}
	})
	c.barByListening()
	dst = reply.MapHeader(dst, c.protocol(), 7)
	dst = appendPair(dst, "server", "redis")
	dst = appendPair(dst, "version", redisVersion)
	dst = reply.Integer(reply.BulkString(dst, "proto"), int64(c.protocol()))
	dst = reply.Integer(reply.BulkString(dst, "id"), c.session.id)
	dst = appendPair(dst, "mode", c.server.mode())
	dst = appendPair(dst, "role", c.server.view.RoleOf(c.server.node.Standing().Leads).String())
	return reply.ArrayHeader(reply.BulkString(dst, "modules"), 0)
}

func appendPair(dst []byte, name, value string) []byte {
	return reply.BulkString(reply.BulkString(dst, name), value)
}

// reset is RESET: the connection is as it was when it was made, but for what its library said of itself.
func reset(c *Conn, dst []byte, _ [][]byte) []byte {
	c.server.tracker.follow(c.session, tracking{})
	c.server.monitors.remove(c.session)
	if c.facts().subscribed() {
		c.stopListening() // it gets the messages until now, which others count as heard
	} else {
		c.session.drop() // of what has ended, and a client of RESP2 could not tell it from replies
	}
	authenticated := c.server.password() == ""
	dst = c.turn(dst, func(f *facts) {
		*f = facts{
			protocol: reply.RESP2, authenticated: authenticated, library: f.library, libraryVersion: f.libraryVersion,
		}
	})
	c.reader.SetUnauthenticated(!authenticated)
	c.discard()
	c.choose(0)
	c.replyMode, c.bars = repliesOn, 0
	return reply.Simple(dst, "RESET")
}

// aclHandlers answer ACL. There is the user default, who may do everything, with the password of requirepass.
var aclHandlers = []handler{
	{of: node.ACLCat, answer: aclCat},
	{of: node.ACLGenPass, answer: aclGenPass},
	{of: node.ACLGetUser, answer: aclGetUser},
	help(node.ACLHelp),
	{of: node.ACLList, answer: aclList},
	{of: node.ACLUsers, answer: aclUsers},
	{of: node.ACLWhoAmI, answer: aclWhoAmI},
}

// defaultUser is the name of the one user.
const defaultUser = "default"

// Bounds of ACL GENPASS, as in Redis.
const (
	defaultPasswordBits = 256
	maxPasswordBits     = 4096
	passwordBits        = "ERR ACL GENPASS argument must be the number of bits for the output password, " +
		"a positive number up to 4096"
)

func aclWhoAmI(_ *Conn, dst []byte, _ [][]byte) []byte { return reply.BulkString(dst, defaultUser) }

func aclUsers(_ *Conn, dst []byte, _ [][]byte) []byte {
	return reply.BulkString(reply.ArrayHeader(dst, 1), defaultUser)
}

// aclCat is ACL CAT [category].
func aclCat(_ *Conn, dst []byte, args [][]byte) []byte {
	all := command.CategoryNames()
	switch len(args) {
	case 2:
		for i := range all {
			all[i] = strings.TrimPrefix(all[i], "@")
		}
		return appendStrings(dst, all)
	case 3:
	default:
		return reply.Error(dst, reply.SubcommandSyntax(args))
	}
	category := "@" + strings.ToLower(string(args[2]))
	if !slices.Contains(all, category) {
		return reply.Error(dst, "ERR Unknown category '"+string(args[2])+"'")
	}
	var names []string
	for spec := range commands.Each() {
		if slices.Contains(spec.AllCategories().Names(), category) {
			names = append(names, spec.Name)
		}
	}
	return appendStrings(dst, names)
}

func appendStrings(dst []byte, all []string) []byte {
	dst = reply.ArrayHeader(dst, len(all))
	for _, one := range all {
		dst = reply.BulkString(dst, one)
	}
	return dst
}

// aclGenPass is ACL GENPASS [bits].
func aclGenPass(_ *Conn, dst []byte, args [][]byte) []byte {
	bits := int64(defaultPasswordBits)
	switch {
	case len(args) > 3:
		return reply.Error(dst, reply.SubcommandSyntax(args))
	case len(args) == 3:
		var ok bool
		if bits, ok = number.Parse(args[2]); !ok {
			return reply.Error(dst, reply.NotInteger)
		}
	}
	if bits <= 0 || bits > maxPasswordBits {
		return reply.Error(dst, passwordBits)
	}
	random := make([]byte, maxPasswordBits/8)
	_, _ = rand.Read(random) // it ends the process rather than to fail
	return reply.BulkString(dst, hex.EncodeToString(random)[:(bits+3)/4])
}

// passwordHashes are the passwords of the user, as ACL shows them.
func (s *Server) passwordHashes() []string {
	password := s.password()
	if password == "" {
		return nil
	}
	hash := sha256.Sum256([]byte(password))
	return []string{hex.EncodeToString(hash[:])}
}

// aclList is ACL LIST.
func aclList(c *Conn, dst []byte, _ [][]byte) []byte {
	rules := "nopass sanitize-payload"
	if hashes := c.server.passwordHashes(); len(hashes) > 0 {
		rules = "sanitize-payload #" + hashes[0]
	}
	return reply.BulkString(reply.ArrayHeader(dst, 1), "user "+defaultUser+" on "+rules+" ~* &* +@all")
}

// aclGetUser is ACL GETUSER name.
func aclGetUser(c *Conn, dst []byte, args [][]byte) []byte {
	if string(args[2]) != defaultUser {
		return reply.Null(dst, c.protocol())
	}
	hashes, flags := c.server.passwordHashes(), []string{"on", "sanitize-payload"}
	if len(hashes) == 0 {
		flags = []string{"on", "nopass", "sanitize-payload"}
	}
	dst = reply.MapHeader(dst, c.protocol(), 6)
	dst = reply.SetHeader(reply.BulkString(dst, "flags"), c.protocol(), len(flags))
	for _, flag := range flags {
		dst = reply.BulkString(dst, flag)
	}
	dst = appendStrings(reply.BulkString(dst, "passwords"), hashes)
	dst = appendPair(dst, "commands", "+@all")
	dst = appendPair(dst, "keys", "~*")
	dst = appendPair(dst, "channels", "&*")
	return reply.ArrayHeader(reply.BulkString(dst, "selectors"), 0)
}

// SELECT gives those behind it their meaning: it says in which database they are. Clients send it and what belongs to
// it together. When it is refused, what belongs to it is refused too: it would be done in another way than was asked,
// while the library reports that it was not done, and the caller tries again.
//
// What else comes before others needs no bar:
//
//	MULTI         is refused to those alone who are refused everything; what is wrong in a transaction aborts it
//	ASKING        is accepted, and no node answers ASK
//	AUTH, HELLO   who has to authenticate is refused everything until it has; a HELLO that is refused changes nothing
//	CLIENT REPLY  is done; it decides what is sent, not what is executed
//	SUBSCRIBE     what belongs to it comes from others; one that is not confirmed ends the connection
//	EVAL, FCALL   bring what they would do as arguments

// bars is why the commands of a connection are not executed as they come.
type bars uint8

const (
	// byMulti: they are queued. EXEC, DISCARD and RESET end it.
	byMulti bars = 1 << iota
	// bySelect: SELECT was refused before it was executed: by a client that has to authenticate first, say. A SELECT that
	// is not, and RESET, end it.
	bySelect
	// byListening: the client speaks RESP2 and listens to channels.
	byListening
)

const barredBySelect = "ERR The command was not executed, since the SELECT before it was refused: " +
	"one that is accepted ends that"

// errAttack is why a connection ends that speaks HTTP. Nothing is answered, as in Redis.
var errAttack = errors.New("resp: commands of HTTP")

// longestWord is the length of the longest of the words that are no commands here, and are answered in their own way.
const longestWord = len("host:")

// barred answers what is refused because of what came before it, and what no client of Redis says. It is false for
// everything else. A call without a reply says that the connection ends.
func (c *Conn) barred(spec *command.Spec, fault command.Fault, args [][]byte) (call command.Call, is bool) {
	word := ""
	if spec == nil && len(args[0]) <= longestWord {
		word = strings.ToLower(string(args[0]))
	}
	switch {
	case word == "post" || word == "host:":
		c.server.attacked(c.session)
		c.reader.Abort(errAttack)
		return command.Call{}, true
	case c.bars&bySelect != 0 && fault == command.NoFault && !isBarrier(spec):
		c.shard.Rejected(spec.ID())
		return c.refused(c.refuseWithin(spec, barredBySelect)), true
	case c.bars&byListening != 0 && fault == command.NoFault && c.facts().authenticated &&
		!slices.Contains(whileListening, spec):
		c.shard.Rejected(spec.ID())
		return c.refused(c.refuseWithin(spec, "ERR Can't execute '"+spec.Name+"'"+onlyListens)), true
	}
	return command.Call{}, false
}

// refusedSelect notes that SELECT was refused before it looked at its argument, unless the client is there already.
func (c *Conn) refusedSelect(args [][]byte) {
	if len(args) != 2 || string(args[1]) != strconv.Itoa(c.facts().database) {
		c.bars |= bySelect
	}
}
