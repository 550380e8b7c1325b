package conditional

import (
	"strings"
	"testing"
)

// TestTheModelKnowsEachCommand where the key is missing, equal to what is asked for, and another. A line is a command,
// and what it answers and leaves in each of the three; - is null or nothing.
func TestTheModelKnowsEachCommand(t *testing.T) {
	states := []State{{}, {true, "a"}, {true, "b"}}
	for line := range strings.Lines(`
		GET k                      - -      a a     b b
		GETDEL k                   - -      a -     b -
		DIGEST k                   - -      e6c632b61e964e1f a  575a0b1c44d8843f b
		DEL k                      0 -      1 -     1 -
		SETNX k n                  1 n      0 a     0 b
		SET k n                    OK n     OK n    OK n
		SET k n NX                 OK n     - a     - b
		SET k n XX                 - -      OK n    OK n
		SET k n XX GET             - -      a n     b n
		SET k n IFEQ a             - -      OK n    - b
		SET k n GET IFEQ a         - -      a n     b b
		SET k n IFNE a             OK n     - a     OK n
		SET k n IFNE a GET         - n      a a     b n
		SET k get ifeq a           - -      OK get  - b
		SET k n IFDEQ e6c632b61e964e1f  - -    OK n    - b
		SET k n IFDNE e6c632b61e964e1f  OK n   - a     OK n
		SET k n IFDEQ E6C632B61E964E1F  - -    OK n    - b
		DELEX k                    0 -      1 -     1 -
		DELEX k IFEQ a             0 -      1 -     0 b
		DELEX k IFNE a             0 -      0 a     1 -
		DELEX k IFDEQ e6c632b61e964e1f  0 -    1 -     0 b
		DELEX k IFDNE e6c632b61e964e1f  0 -    0 a     1 -
		DELIFEQ k a                0 -      1 -     0 b
	`) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		command, wants := words[:len(words)-6], words[len(words)-6:]
		for i, before := range states {
			after, reply := before.Apply(command...)
			if text, left := shown(reply.Text, !reply.Null), shown(after.Value, after.Present); text != wants[2*i] ||
				left != wants[2*i+1] {
				t.Errorf("%v on %+v answers %s and leaves %s, want %v", command, before, text, left, wants[2*i:2*i+2])
			}
		}
	}
}

// shown is a text, or - for none.
func shown(text string, there bool) string {
	if !there {
		return "-"
	}
	return text
}

// TestTheModelRefusesWhatItDoesNotKnow: a judge that took any command would find everything right.
func TestTheModelRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, command := range []string{"APPEND k v", "SET k v EX 5", "SET k v KEEPTTL x", "DELEX k NOSUCH v"} {
		t.Run(command, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it is taken")
				}
			}()
			State{true, "a"}.Apply(strings.Fields(command)...)
		})
	}
}
