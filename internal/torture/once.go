package torture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// OnceWindow is how many sequences of a session may be in flight: one that lies as far behind the highest is too old.
const OnceWindow = 128

// maxProblems bounds what a check says of one history: the first problems explain the others.
const maxProblems = 10

// OnceJournal is what clients wrote down that increment counters through RAFT.ONCE, each line as it happened:
//
//	first CLIENT SESSION SEQUENCE COUNTER   before it sends a sequence for the first time
//	lost CLIENT SESSION SEQUENCE            an attempt has no answer, or one that says to try again
//	reply CLIENT SESSION SEQUENCE REPLY     an attempt has an answer: ":7", or "-" and the text of an error
//	again CLIENT SESSION SEQUENCE REPLY     the answer to one more attempt, sent when all sequences of the session had
//	                                        answers
//
// The lines of one client are in their order; those of different clients may stand in any.
type OnceJournal struct {
	lines []onceLine
}

type onceLine struct {
	kind              string
	client            string
	session, sequence uint64
	// rest is the counter, or the reply.
	rest string
}

// Read adds the lines of one or more clients.
func (j *OnceJournal) Read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		l, err := parseOnceLine(lines.Text())
		if err != nil {
			return err
		}
		j.lines = append(j.lines, l)
	}
	return lines.Err()
}

// onceKinds are the kinds of lines, with whether they say something behind the sequence.
var onceKinds = map[string]bool{"first": true, "lost": false, "reply": true, "again": true}

func parseOnceLine(text string) (l onceLine, err error) {
	fields := strings.SplitN(text, " ", 5)
	more, known := onceKinds[fields[0]]
	if !known || more != (len(fields) == 5) || len(fields) < 4 {
		return l, fmt.Errorf("%q is no line of a journal", text)
	}
	l.kind, l.client = fields[0], fields[1]
	session, sessionErr := strconv.ParseUint(fields[2], 10, 64)
	sequence, sequenceErr := strconv.ParseUint(fields[3], 10, 64)
	if err := errors.Join(sessionErr, sequenceErr); err != nil {
		return l, fmt.Errorf("%q: %w", text, err)
	}
	l.session, l.sequence = session, sequence
	if more {
		l.rest = fields[4]
	}
	return l, nil
}

// onceCommand is a command that is to be executed once.
type onceCommand struct {
	session, sequence uint64
	client, counter   string
	// value is what every attempt is answered; 0 while none was.
	value int64
	// floor is the highest number of its counter that its client knew before it sent the command.
	floor int64
	// attempts had an answer or none.
	attempts int
}

func (c *onceCommand) String() string {
	return fmt.Sprintf("sequence %d of session %d (%s)", c.sequence, c.session, c.client)
}

// onceCheck is a walk through a journal.
type onceCheck struct {
	commands map[[2]uint64]*onceCommand
	// clients are those whom a session belongs to, highest its highest sequence.
	clients map[uint64]string
	highest map[uint64]uint64
	// floors are the highest numbers that each client knows, by client and counter.
	floors   map[[2]string]int64
	problems []error
	tally    OnceTally
}

// OnceTally counts what a journal tells.
type OnceTally struct {
	// Commands have been executed. Lost attempts had no answer, or one that told to try again. Replays were answered
	// from memory, Refused said that they were too old.
	Commands, Lost, Replays, Refused int
}

func (c *onceCheck) complain(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Errorf(format, args...))
	}
}

// Check says whether every command was executed once: each has a reply, all replies to its attempts are the same, what
// lies behind the window is refused, and each counter, of which the values at the end are given, counts its commands.
func (j *OnceJournal) Check(finals map[string]int64) (OnceTally, error) {
	c := &onceCheck{
		commands: map[[2]uint64]*onceCommand{}, clients: map[uint64]string{}, highest: map[uint64]uint64{},
		floors: map[[2]string]int64{},
	}
	for _, l := range j.lines {
		if l.kind == "first" {
			c.begin(l)
			continue
		}
		command := c.commands[[2]uint64{l.session, l.sequence}]
		if command == nil || command.client != l.client {
			c.complain("%s has an answer for sequence %d of session %d, which it did not send", l.client, l.sequence, l.session)
			continue
		}
		c.answer(command, l)
	}
	c.count(finals)
	return c.tally, errors.Join(c.problems...)
}

// begin takes note of a command that is sent for the first time.
func (c *onceCheck) begin(l onceLine) {
	if other, known := c.clients[l.session]; known && other != l.client {
		c.complain("%s and %s both have session %d", other, l.client, l.session)
		return
	}
	c.clients[l.session] = l.client
	id := [2]uint64{l.session, l.sequence}
	if c.commands[id] != nil {
		c.complain("%s sends sequence %d of session %d for the first time twice", l.client, l.sequence, l.session)
		return
	}
	c.commands[id] = &onceCommand{
		session: l.session, sequence: l.sequence, client: l.client, counter: l.rest,
		floor: c.floors[[2]string{l.client, l.rest}],
	}
	c.highest[l.session] = max(c.highest[l.session], l.sequence)
}

// answer takes note of what came of an attempt.
func (c *onceCheck) answer(command *onceCommand, l onceLine) {
	first := command.attempts == 0
	command.attempts++
	if l.kind == "lost" {
		c.tally.Lost++
		return
	}
	if l.kind == "again" && command.sequence+OnceWindow <= c.highest[l.session] {
		if c.tally.Refused++; !strings.HasPrefix(l.rest, "-"+tooOldWord+" ") {
			c.complain("%v lies behind the window (the highest is %d) and was answered %s", command,
				c.highest[l.session], l.rest)
		}
		return
	}
	value, err := strconv.ParseInt(strings.TrimPrefix(l.rest, ":"), 10, 64)
	switch {
	case err != nil || l.rest[0] != ':' || value <= 0:
		c.complain("%v was answered %s", command, l.rest)
		return
	case command.value != 0 && value != command.value:
		c.complain("%v was answered %d, and %d before", command, value, command.value)
	case value <= command.floor:
		c.complain("%v was answered %d, when its client knew of %d before it sent it", command, value, command.floor)
	}
	if !first {
		c.tally.Replays++
	}
	if command.value == 0 {
		command.value = value
	}
	floor := [2]string{command.client, command.counter}
	c.floors[floor] = max(c.floors[floor], value)
}

// tooOldWord begins the error that says that a sequence lies behind the window.
const tooOldWord = "TOOOLD"

// count compares what clients were answered with what the counters are at the end.
func (c *onceCheck) count(finals map[string]int64) {
	counters := map[string][]*onceCommand{}
	for _, command := range c.commands {
		c.tally.Commands++
		if command.value == 0 {
			c.complain("%v was never answered", command)
		}
		counters[command.counter] = append(counters[command.counter], command)
	}
	for counter, commands := range counters {
		if final := finals[counter]; final != int64(len(commands)) {
			c.complain("%s is %d at the end, and %d commands were to be executed once", counter, final, len(commands))
		}
		slices.SortFunc(commands, func(a, b *onceCommand) int { return int(a.value - b.value) })
		for i, command := range commands[1:] {
			if before := commands[i]; before.value == command.value && command.value != 0 {
				c.complain("%v and %v were both answered %d", before, command, command.value)
			}
		}
	}
	for counter, final := range finals {
		if len(counters[counter]) == 0 && final != 0 {
			c.complain("%s is %d at the end, and no client counted", counter, final)
		}
	}
}
