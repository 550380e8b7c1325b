package draw

import (
	"strconv"
	"strings"
)

// ownMixture has the commands on topics, which Redis does not have, by hand as those of the mix.
var ownMixture = []Command{
	{"raft.log append", 30, func(x *Mix) []string { return []string{x.topic(), x.value()} }},
	{"raft.log read", 30, func(x *Mix) []string { return x.with([]string{x.topic(), x.logIndex()}, 2, x.readOption) }},
	{"raft.log trim", 12, func(x *Mix) []string {
		return []string{x.topic(), Pick(x.Rand, "before before bytes age"), x.logIndex()}
	}},
	{"raft.log limit", 8, func(x *Mix) []string { return x.with([]string{x.topic()}, 3, x.limitOption) }},
	{"raft.log info", 10, func(x *Mix) []string { return []string{x.topic()} }},
	{"raft.log nosuch", 1, drawKey},
}

// Own is any call of a command that Redis does not have. So no comparison with Redis draws it.
func (x *Mix) Own() (name string, line []string) { return x.callOf(ownMixture, ownWeight) }

var ownWeight = weigh(ownMixture)

// topic is the name of a topic: mostly one that nothing else is stored at.
func (x *Mix) topic() string {
	if x.IntN(4) == 0 {
		return x.key()
	}
	return x.pick("topic", "{topic}2")
}

// logIndex is the index of an entry, or near one.
func (x *Mix) logIndex() string {
	switch x.IntN(6) {
	case 0, 1:
		return x.pick("-", "$", "0", "0", "-")
	case 2:
		return Position(x.Rand)
	}
	return strconv.Itoa(x.IntN(1000) >> x.IntN(10))
}

func (x *Mix) readOption() []string {
	if x.IntN(2) == 0 {
		return []string{Pick(x.Rand, "count"), x.pick("1", "2", "5", "0", "x", "9223372036854775807")}
	}
	return []string{Pick(x.Rand, "block"), x.pick("0", "1", "100", "-1", "x", "")}
}

func (x *Mix) limitOption() []string {
	switch x.IntN(3) {
	case 0:
		return []string{Pick(x.Rand, "bytes"), x.pick("1", "10", "100", "1000", "0", "x", "68719476736")}
	case 1:
		return []string{Pick(x.Rand, "entries"), x.pick("1", "2", "5", "20", "0", strings.Repeat("9", 20))}
	}
	return []string{Pick(x.Rand, "full"), Pick(x.Rand, "trim refuse trim")}
}
