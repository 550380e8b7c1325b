package torture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	bankClients  = 12
	bankAccounts = 5
	// bankActs and bankUnknowns bound the history of one bank, for the sake of the checker: see registerCommands.
	bankActs     = 80
	bankUnknowns = 2
	// bankThink bounds the time between two acts of a client.
	bankThink = 4 * maxThink
)

// Bank is a workload of transactions: clients move money between accounts, which lie in slots of their own. Some read
// two accounts under WATCH and write what is to be there, some subtract and add, and some read all accounts at once.
// The sum of all accounts is zero whenever somebody looks, and some order of all that was done explains what was told.
type Bank struct {
	mu    sync.Mutex
	books []*book
	// executed and refused count transfers under WATCH that were executed, and those that came too late; audits counts
	// looks at all accounts.
	executed, refused, audits, unknown int
}

// book is the history of the accounts of one bank, which is used for some acts and left for the next.
type book struct {
	number         int
	begun, unknown int
	acts           []bankAct
}

// NewBank makes a workload, for one run.
func NewBank() *Bank { return &Bank{} }

// bankKind is what an act does.
type bankKind uint8

const (
	// bankAudit: all accounts were read.
	bankAudit bankKind = iota
	// bankSet: two accounts were read, watched, and set.
	bankSet
	// bankAdd: one account was lowered and another one raised.
	bankAdd
)

// balances are the accounts of a bank.
type balances [bankAccounts]int64

// bankAct is an act as a client saw it.
type bankAct struct {
	client    int
	kind      bankKind
	call, end int64
	// unknown says that nothing was told: it took effect at any time behind its call, or never. late says that a watched
	// account had changed: nothing was done.
	unknown, late bool
	// seen are the balances that were told: of an audit all, of a set those that were watched, of an add those that it
	// made.
	seen balances
	// from, to and amount are those of a transfer.
	from, to int
	amount   int64
}

// String is the act as a line of a report.
func (a bankAct) String() string {
	text := fmt.Sprintf("%12d to %19d client %2d ", a.call, a.end, a.client)
	switch a.kind {
	case bankAudit:
		return text + fmt.Sprint("sees ", a.seen)
	case bankSet:
		text += fmt.Sprintf("moves %d from %d (%d) to %d (%d) under WATCH", a.amount, a.from, a.seen[a.from], a.to,
			a.seen[a.to])
	default:
		text += fmt.Sprintf("moves %d from %d (now %d) to %d (now %d)", a.amount, a.from, a.seen[a.from], a.to, a.seen[a.to])
	}
	switch {
	case a.unknown:
		return text + ": unknown"
	case a.late:
		return text + ": too late"
	}
	return text
}

// step is what an act does to the balances, and whether what was told fits. One of unknown fate fits everywhere: that
// it never happened is the same as that it happened behind everything else.
func (a *bankAct) step(now balances) (fits bool, after balances) {
	after = now
	switch {
	case a.kind == bankAudit:
		return now == a.seen, now
	case a.late:
		return true, now
	case a.kind == bankSet && (now[a.from] != a.seen[a.from] || now[a.to] != a.seen[a.to]):
		return a.unknown, now
	}
	after[a.from] -= a.amount
	after[a.to] += a.amount
	fitting := a.kind == bankSet || after[a.from] == a.seen[a.from] && after[a.to] == a.seen[a.to]
	return a.unknown || fitting, after
}

// Keys are the accounts of all banks.
func (w *Bank) Keys() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.books {
		for i := range bankAccounts {
			names = append(names, b.account(i))
		}
	}
	return names
}

// account is the key of an account.
func (b *book) account(i int) string { return fmt.Sprintf("bank%d.%d", b.number, i) }

// String says what the clients did.
func (w *Bank) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("banks: %d, with %d transfers under WATCH executed and %d too late, %d audits, %d acts of unknown "+
		"fate", len(w.books), w.executed, w.refused, w.audits, w.unknown)
}

// Late is how many transfers came too late: a watched account had changed.
func (w *Bank) Late() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// Work moves money until the run is over.
func (w *Bank) Work(ctx context.Context, f *Field) error {
	var clients []func(context.Context) error
	for id := range bankClients {
		clients = append(clients, (&teller{visitor: newVisitor(f, kindTeller, id), bank: w}).work)
	}
	return together(ctx, clients...)
}

// open is the bank that is in use, for one more act.
func (w *Bank) open() *book {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := len(w.books) - 1
	if last < 0 || w.books[last].begun >= bankActs || w.books[last].unknown >= bankUnknowns {
		w.books, last = append(w.books, &book{number: last + 1}), last+1
	}
	w.books[last].begun++
	return w.books[last]
}

// note keeps an act.
func (w *Bank) note(b *book, a bankAct) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.acts = append(b.acts, a)
	switch {
	case a.unknown:
		b.unknown++
		w.unknown++
	case a.kind == bankAudit:
		w.audits++
	case a.late:
		w.refused++
	case a.kind == bankSet:
		w.executed++
	}
}

// teller is a client of banks.
type teller struct {
	*visitor
	bank *Bank
}

func (t *teller) work(ctx context.Context) error {
	defer t.leave()
	for !t.field.Over() {
		if t.left <= 0 {
			t.leave()
		}
		err := t.act(ctx, t.bank.open())
		if err == nil {
			err = t.pause(ctx, bankThink)
		}
		if err != nil {
			return fmt.Errorf("teller %d: %w", t.id, err)
		}
	}
	return nil
}

// act does one act in a bank.
func (t *teller) act(ctx context.Context, b *book) error {
	if err := t.arrive(ctx); err != nil {
		return err
	}
	a := bankAct{client: t.id, from: t.rng.IntN(bankAccounts), amount: 1 + t.rng.Int64N(100)}
	a.to = (a.from + 1 + t.rng.IntN(bankAccounts-1)) % bankAccounts
	switch pick := t.rng.IntN(8); {
	case pick < 2:
		return t.audit(ctx, b)
	case pick < 4:
		a.kind = bankAdd
		amount := strconv.FormatInt(a.amount, 10)
		return t.transfer(ctx, b, a, []string{"DECRBY", b.account(a.from), amount},
			[]string{"INCRBY", b.account(a.to), amount})
	}
	a.kind = bankSet
	replies, whole, err := t.exchange(ctx, []string{"WATCH", b.account(a.from), b.account(a.to)},
		[]string{"GET", b.account(a.from)}, []string{"GET", b.account(a.to)})
	if err != nil || !whole || !allDone(replies) {
		t.leave() // what is watched is forgotten
		return err
	}
	for i, account := range []int{a.from, a.to} {
		if a.seen[account], err = valueOf(replies[1+i]); err != nil {
			return err
		}
	}
	return t.transfer(ctx, b, a,
		[]string{"SET", b.account(a.from), strconv.FormatInt(a.seen[a.from]-a.amount, 10)},
		[]string{"SET", b.account(a.to), strconv.FormatInt(a.seen[a.to]+a.amount, 10)})
}

// transfer executes two commands in a transaction, and keeps what came of it.
func (t *teller) transfer(ctx context.Context, b *book, a bankAct, lower, raise []string) error {
	a.call = t.field.Now()
	reply, fate, err := t.execute(ctx, lower, raise)
	a.end = t.field.Now()
	switch {
	case err != nil || fate == client.NotDone:
		return err
	case fate == client.Unknown:
		a.unknown, a.end = true, math.MaxInt64
	case reply.Null && a.kind == bankSet:
		a.late = true
	case len(reply.Items) != 2:
		return fmt.Errorf("EXEC of %q and %q was answered %v", lower, raise, reply)
	case a.kind == bankSet:
		if reply.Items[0].Text != "OK" || reply.Items[1].Text != "OK" {
			return fmt.Errorf("EXEC of %q and %q was answered %v", lower, raise, reply)
		}
	default:
		from, errFrom := valueOf(reply.Items[0])
		to, errTo := valueOf(reply.Items[1])
		if err := errors.Join(errFrom, errTo); err != nil {
			return err
		}
		a.seen[a.from], a.seen[a.to] = from, to
	}
	t.bank.note(b, a)
	return nil
}

// audit reads all accounts in a transaction.
func (t *teller) audit(ctx context.Context, b *book) error {
	var reads [][]string
	for i := range bankAccounts {
		reads = append(reads, []string{"GET", b.account(i)})
	}
	a := bankAct{client: t.id, kind: bankAudit, call: t.field.Now()}
	reply, fate, err := t.execute(ctx, reads...)
	a.end = t.field.Now()
	switch {
	case err != nil || fate != client.Done:
		return err
	case len(reply.Items) != bankAccounts:
		return fmt.Errorf("EXEC of %d reads was answered %v", bankAccounts, reply)
	}
	sum := int64(0)
	for i := range a.seen {
		if a.seen[i], err = valueOf(reply.Items[i]); err != nil {
			return err
		}
		sum += a.seen[i]
	}
	if sum != 0 {
		return fmt.Errorf("the accounts of %s were %v at one moment, which is %d and not 0", b.account(0), a.seen, sum)
	}
	t.bank.note(b, a)
	return nil
}

// execute executes commands in a transaction, and returns the reply to EXEC and what is known of the whole.
func (t *teller) execute(ctx context.Context, commands ...[]string) (client.Reply, client.Fate, error) {
	all := append([][]string{{"MULTI"}}, commands...)
	replies, whole, err := t.exchange(ctx, append(all, []string{"EXEC"})...)
	switch {
	case err != nil:
		return client.Reply{}, client.Unknown, err
	case !whole:
		t.leave()
		return client.Reply{}, client.Unknown, nil
	}
	reply := replies[len(replies)-1]
	fate := reply.Fate()
	if isError(reply, "EXECABORT") {
		fate = client.NotDone
	}
	if fate != client.Done {
		t.leave()
	}
	return reply, fate, nil
}

// allDone reports whether all commands were executed.
func allDone(replies []client.Reply) bool {
	for _, reply := range replies {
		if reply.Fate() != client.Done {
			return false
		}
	}
	return true
}

// Verify reads all accounts of all banks at once, and checks their histories.
func (w *Bank) Verify(ctx context.Context, f *Field) error {
	t := &teller{visitor: newVisitor(f, kindTeller, bankClients), bank: w}
	defer t.leave()
	for _, b := range w.books {
		for known := len(b.acts); len(b.acts) == known; {
			if err := t.arrive(ctx); err != nil {
				return err
			}
			if err := t.audit(ctx, b); err != nil {
				return err
			}
			if err := t.pause(ctx, pollPeriod); err != nil {
				return err
			}
		}
		if err := b.check(); err != nil {
			return err
		}
	}
	return nil
}
