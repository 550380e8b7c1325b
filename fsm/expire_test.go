package fsm

import (
	"strings"
	"testing"
)

// now is the moment at which scripts of these tests run.
const now = 1_700_000_000_000

// checkScripts runs scripts at one moment, each on a machine of its own, and compares their replies.
func checkScripts(t *testing.T, scripts map[string]struct{ script, want string }) {
	t.Helper()
	for name, c := range scripts {
		var lines []string
		for line := range strings.SplitSeq(c.script, ";") {
			lines = append(lines, strings.TrimSpace(line))
		}
		m := newMachine(t)
		if got := scriptAt(t, m, now, lines...); got != strings.TrimSpace(c.want) {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.script, got, c.want)
		}
		checkDeadlines(t, m)
		checkHash(t, m)
	}
}

func TestSetTakesATime(t *testing.T) {
	const maximum = "9223372036854775807"
	checkScripts(t, map[string]struct{ script, want string }{
		"ex":                   {"set a 1 ex 10; ttl a; pttl a; expiretime a", "+OK :10 :10000 :1700000010"},
		"px":                   {"set a 1 px 1500; ttl a; pttl a; pexpiretime a", "+OK :2 :1500 :1700000001500"},
		"px rounds":            {"set a 1 px 1499; ttl a; expiretime a", "+OK :1 :1700000001"},
		"exat":                 {"set a 1 exat 1700000010; ttl a; pexpiretime a", "+OK :10 :1700000010000"},
		"pxat":                 {"set a 1 pxat 1700000000001; pttl a", "+OK :1"},
		"a past exat":          {"set a 1; set a 2 exat 5; exists a; dbsize", "+OK +OK :0 :0"},
		"a past pxat and get":  {"set a 1; set a 2 pxat 1700000000000 get; get a", "+OK $1 1 $-1"},
		"keepttl":              {"set a 1 ex 10; set a 2 keepttl; ttl a; set a 3; ttl a", "+OK +OK :10 +OK :-1"},
		"keepttl of nothing":   {"set a 1 keepttl; ttl a", "+OK :-1"},
		"refused nx keeps":     {"set a 1 ex 10; set a 2 nx; set a 2 nx ex 5; ttl a", "+OK $-1 $-1 :10"},
		"options in any order": {"set a 1 ex 5 nx get; set a 2 get px 9 xx; pttl a", "$-1 $1 1 :9"},
		"the last of two":      {"set a 1 ex 5 ex 7; ttl a", "+OK :7"},
		"zero":                 {"set a 1 ex 0; exists a", "-ERR invalid expire time in 'set' command :0"},
		"negative":             {"set a 1 px -1", "-ERR invalid expire time in 'set' command"},
		"negative exat":        {"set a 1 exat -1", "-ERR invalid expire time in 'set' command"},
		"no number":            {"set a 1 ex x; exists a", "-ERR value is not an integer or out of range :0"},
		"too many seconds":     {"set a 1 ex 9223372036854776", "-ERR invalid expire time in 'set' command"},
		"too many millis":      {"set a 1 px " + maximum, "-ERR invalid expire time in 'set' command"},
		"the last moment": {
			"set a 1 pxat " + maximum + "; pexpiretime a; expiretime a",
			"+OK :" + maximum + " :9223372036854776",
		},
		"two expiries":     {"set a 1 ex 1 px 1", "-ERR syntax error"},
		"setex":            {"setex a 10 v; ttl a; get a", "+OK :10 $1 v"},
		"setex zero":       {"setex a 0 v", "-ERR invalid expire time in 'setex' command"},
		"setex no number":  {"setex a v 10", "-ERR value is not an integer or out of range"},
		"psetex":           {"psetex a 10 v; pttl a", "+OK :10"},
		"psetex negative":  {"psetex a -10 v", "-ERR invalid expire time in 'psetex' command"},
		"getex of nothing": {"getex a; getex a ex 0", "$-1 $-1"},
		"getex alone":      {"set a 1 ex 5; getex a; ttl a", "+OK $1 1 :5"},
		"getex ex":         {"set a 1; getex a ex 5; ttl a", "+OK $1 1 :5"},
		"getex pxat":       {"set a 1; getex a pxat 1700000000007; pttl a", "+OK $1 1 :7"},
		"getex past":       {"set a 1; getex a exat 1; exists a", "+OK $1 1 :0"},
		"getex persist":    {"set a 1 ex 5; getex a persist; ttl a", "+OK $1 1 :-1"},
		"getex zero":       {"set a 1; getex a ex 0", "+OK -ERR invalid expire time in 'getex' command"},
		"getex options": {
			"getex a keepttl; getex a nx; getex a persist ex 1; getex a ex 1 persist; getex a ex",
			strings.Repeat("-ERR syntax error ", 5),
		},
		"set does not persist": {"set a 1 persist", "-ERR syntax error"},
	})
}

func TestExpireAndItsKinAnswer(t *testing.T) {
	const maximum, minimum = "9223372036854775807", "-9223372036854775808"
	checkScripts(t, map[string]struct{ script, want string }{
		"expire":                {"expire a 5; set a 1; expire a 5; ttl a", ":0 +OK :1 :5"},
		"pexpire":               {"set a 1; pexpire a 5; pttl a", "+OK :1 :5"},
		"expireat":              {"set a 1; expireat a 1700000005; ttl a", "+OK :1 :5"},
		"pexpireat":             {"set a 1; pexpireat a 1700000000005; pttl a", "+OK :1 :5"},
		"expire now":            {"set a 1; expire a 0; exists a", "+OK :1 :0"},
		"expire before":         {"set a 1; expire a -5; get a", "+OK :1 $-1"},
		"expireat zero":         {"set a 1; expireat a 0; get a", "+OK :1 $-1"},
		"pexpireat minimum":     {"set a 1; pexpireat a " + minimum + "; dbsize", "+OK :1 :0"},
		"expire overflow":       {"set a 1; expire a " + maximum, "+OK -ERR invalid expire time in 'expire' command"},
		"expire underflow":      {"set a 1; expire a " + minimum, "+OK -ERR invalid expire time in 'expire' command"},
		"pexpire overflow":      {"set a 1; pexpire a " + maximum, "+OK -ERR invalid expire time in 'pexpire' command"},
		"overflow before key":   {"expireat a " + maximum, "-ERR invalid expire time in 'expireat' command"},
		"expire no number":      {"expire a x", "-ERR value is not an integer or out of range"},
		"expire unknown option": {"expire a x foo", "-ERR Unsupported option foo"},
		"expire nx":             {"set a 1; expire a 5 nx; expire a 9 NX; ttl a", "+OK :1 :0 :5"},
		"expire xx":             {"set a 1; expire a 5 xx; expire a 5; expire a 9 XX; ttl a", "+OK :0 :1 :1 :9"},
		"expire gt": {
			"set a 1; expire a 5 gt; expire a 5; expire a 5 gt; expire a 6 gt; ttl a",
			"+OK :0 :1 :0 :1 :6",
		},
		"expire lt":          {"set a 1; expire a 5 lt; expire a 5 lt; expire a 4 lt; ttl a", "+OK :1 :0 :1 :4"},
		"expire xx gt":       {"set a 1 ex 5; expire a 4 xx gt; expire a 6 gt xx; ttl a", "+OK :0 :1 :6"},
		"expire lt the past": {"set a 1; expire a -1 lt; exists a", "+OK :1 :0"},
		"expire gt the past": {"set a 1 ex 5; expire a -1 gt; ttl a", "+OK :0 :5"},
		"expire nx xx": {
			"expire a 5 nx xx",
			"-ERR NX and XX, GT or LT options at the same time are not compatible",
		},
		"expire nx gt lt": {
			"expire a 5 nx gt lt",
			"-ERR NX and XX, GT or LT options at the same time are not compatible",
		},
		"expire gt lt":           {"expire a x gt lt", "-ERR GT and LT options at the same time are not compatible"},
		"persist":                {"persist a; set a 1; persist a; expire a 5; persist a; ttl a", ":0 +OK :0 :1 :1 :-1"},
		"of nothing":             {"ttl a; pttl a; expiretime a; pexpiretime a", ":-2 :-2 :-2 :-2"},
		"of a key without":       {"set a 1; ttl a; pttl a; expiretime a; pexpiretime a", "+OK :-1 :-1 :-1 :-1"},
		"incr keeps":             {"set a 1 ex 5; incr a; ttl a", "+OK :2 :5"},
		"append keeps":           {"set a 1 ex 5; append a x; ttl a", "+OK :2 :5"},
		"mset clears":            {"set a 1 ex 5; mset a 2; ttl a", "+OK +OK :-1"},
		"del forgets":            {"set a 1 ex 5; del a; set a 1; ttl a", "+OK :1 +OK :-1"},
		"rename moves":           {"set a 1 ex 5; set b 2 ex 9; rename a b; ttl b; exists a", "+OK +OK +OK :5 :0"},
		"rename moves none":      {"set a 1; set b 2 ex 9; rename a b; ttl b", "+OK +OK +OK :-1"},
		"renamenx moves":         {"set a 1 ex 5; renamenx a b; ttl b", "+OK :1 :5"},
		"copy copies":            {"set a 1 ex 5; copy a b; ttl a; ttl b; persist a; ttl b", "+OK :1 :5 :5 :1 :5"},
		"object encoding of one": {"set a 1 ex 5; object encoding a", "+OK $3 int"},
	})
}

// TestTimeLeftIsThatAtTheMomentOfTheRead asks for it while nothing moves the state time.
func TestTimeLeftIsThatAtTheMomentOfTheRead(t *testing.T) {
	m := newMachine(t)
	scriptAt(t, m, now, "set a 1 px 10000")
	for stamp, want := range map[int64]string{
		now: ":10000 :10", now + 1: ":9999 :10", now + 501: ":9499 :9", now + 9999: ":1 :0", now - 5000: ":10000 :10",
	} {
		if got := scriptAt(t, m, stamp, "pttl a", "ttl a"); got != want {
			t.Errorf("%d ms later: %s, want %s", stamp-now, got, want)
		}
	}
	if m.state.Now().Log != now {
		t.Fatal("a read moved the state time")
	}
}
