package torture

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"
)

// bankModel is a bank as porcupine wants it.
func bankModel() porcupine.Model {
	return porcupine.Model{
		Init:  func() any { return balances{} },
		Equal: func(a, b any) bool { return a.(balances) == b.(balances) },
		Step: func(state, input, _ any) (bool, any) {
			act := input.(bankAct)
			fits, after := act.step(state.(balances))
			return fits, after
		},
	}
}

// check reports whether some order of the acts explains all that was told.
func (b *book) check() error {
	history := make([]porcupine.Operation, len(b.acts))
	for i, a := range b.acts {
		history[i] = porcupine.Operation{ClientId: a.client, Input: a, Call: a.call, Return: a.end}
	}
	var lines strings.Builder
	for _, a := range b.acts {
		fmt.Fprintln(&lines, a)
	}
	switch porcupine.CheckOperationsTimeout(bankModel(), history, checkLimit) {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return fmt.Errorf("bank %d: no order of its history explains it:\n%s", b.number, lines.String())
	}
	return fmt.Errorf("bank %d: in %v no verdict was reached on its history:\n%s", b.number, checkLimit, lines.String())
}
