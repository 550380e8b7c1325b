package redis_test

import (
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/reply"
)

// transaction makes the calls in a transaction, now and then one that watches keys. Those that are refused at once are
// left out of it.
func (w *pair) transaction(s station, calls [][]string, names []string) {
	w.t.Helper()
	mayRefuse := ""
	if w.x.IntN(2) == 0 {
		mayRefuse = w.watch(s)
	}
	both(s.redis, s.here, [][]string{{"multi"}})
	var fit [][]string
	var fitNames []string
	apart := 0
	for i, a := range both(s.redis, s.here, calls) {
		redis, here := a.redis == "+QUEUED\r\n", a.here == "+QUEUED\r\n"
		if redis && here {
			fit, fitNames = append(fit, calls[i]), append(fitNames, names[i])
		} else if redis || here {
			apart++
		}
		w.compare(s, calls[i:i+1], names[i:i+1], []answers{a})
	}
	if apart > 0 { // one would execute what the other refuses: without them, once more
		both(s.redis, s.here, [][]string{{"discard"}, {"multi"}})
		both(s.redis, s.here, fit)
		calls = fit
	}
	exec := [][]string{{"exec"}}
	a := both(s.redis, s.here, exec)[0]
	if len(fit) < len(calls) { // EXECABORT
		w.compare(s, exec, []string{"exec"}, []answers{a})
		both(s.redis, s.here, slices.Concat([][]string{{"multi"}}, fit, [][]string{{"discard"}}))
		all := both(s.redis, s.here, slices.Concat([][]string{{"multi"}}, fit, exec))
		a = all[len(all)-1]
	}
	switch redis, here := isNull(a.redis), isNull(a.here); {
	case redis && here:
		w.refused++
		return
	case here && mayRefuse != "": // the client does it again, as it has to be able to
		w.excused[mayRefuse]++
		again := slices.Concat([][]string{{"multi"}}, fit, exec)
		s.here.send(again...)
		for range again {
			a.here = s.here.reply()
		}
	case redis || here:
		w.t.Fatalf("call %d, %s: EXEC with watched keys answers %.100q, in Redis %.100q\n    after %.4000q", w.compared,
			s.name, a.here, a.redis, w.meanwhile)
	}
	w.compareExec(s, fit, fitNames, a)
}

// watch watches some keys, in one database or two, and lets another client make calls meanwhile. It returns the
// difference by which this server may refuse the transaction where Redis executes it, empty for none.
func (w *pair) watch(s station) (mayRefuse string) {
	w.t.Helper()
	for range 1 + w.x.IntN(2) {
		w.choose(s)
		call := w.x.Watch()
		var types [][]string
		for _, key := range call[1:] {
			types = append(types, []string{"type", key})
		}
		for _, a := range both(s.redis, s.here, types) {
			switch text(a.here) {
			case "none":
				mayRefuse = "watched-absence"
			case "stream":
				mayRefuse = "watched-groups"
			}
		}
		w.compare(s, [][]string{call}, []string{"watch"}, both(s.redis, s.here, [][]string{call}))
	}
	other := w.stations[w.x.IntN(len(w.stations))]
	w.meanwhile = nil
	for other.redis != s.redis && w.x.IntN(2) == 0 {
		w.choose(other)
		calls, names := w.calls(1+w.x.IntN(12), false)
		w.meanwhile = append(w.meanwhile, calls...)
		w.compare(other, calls, names, both(other.redis, other.here, calls))
	}
	return mayRefuse
}

// refusal makes a transaction that is refused for a change of what it watches: the draw may have had none.
func (w *pair) refusal() {
	w.t.Helper()
	s, other := w.stations[0], w.stations[1]
	here := [][]string{{"select", "0"}}
	both(s.redis, s.here, append(here, []string{"watch", "a"}))
	both(other.redis, other.here, append(here, []string{"set", "a", "changed"}))
	all := both(s.redis, s.here, [][]string{{"multi"}, {"set", "a", "mine"}, {"exec"}, {"get", "a"}})
	if exec := all[2]; !isNull(exec.redis) || !isNull(exec.here) {
		w.t.Fatalf("EXEC behind a change of what it watches answers %.100q, in Redis %.100q", exec.here, exec.redis)
	}
	w.compare(s, [][]string{{"get", "a"}}, []string{"get"}, all[3:])
	w.refused++
}

// isNull reports whether a reply is null, in either protocol.
func isNull(reply string) bool { return reply == "*-1\r\n" || reply == "_\r\n" }

// compareExec compares the replies of a transaction one by one.
func (w *pair) compareExec(s station, calls [][]string, names []string, a answers) {
	w.t.Helper()
	redis, here := items(a.redis), items(a.here)
	if len(redis) != len(here) || len(redis) != len(calls) {
		w.t.Fatalf("%s: EXEC of %d calls answers %.300q, in Redis %.300q", s.name, len(calls), a.here, a.redis)
	}
	var all []answers
	for i := range redis {
		all = append(all, answers{redis[i], here[i]})
	}
	w.compare(s, calls, names, all)
}

// items are the elements of an array.
func items(array string) (all []string) {
	_, rest, _ := strings.Cut(array, "\r\n")
	for left := []byte(rest); len(left) > 0; {
		behind := reply.Skip(left)
		all = append(all, string(left[:len(left)-len(behind)]))
		left = behind
	}
	return all
}
