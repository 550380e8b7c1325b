package torture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	// topicAppenders append to one of the topics each, topicReaders read one.
	topicAppenders = 8
	topicReaders   = 8
	// topicThink bounds the time between two commands of a client, topicTrimPeriod is that between two trims.
	topicThink      = 100 * time.Millisecond
	topicTrimPeriod = time.Second
	// topicPage bounds how many entries a reader asks for at a time, topicBlock for how long it waits for the first.
	topicPage  = 40
	topicBlock = 500 * time.Millisecond
	// topicKept is how many acknowledged entries a trim leaves.
	topicKept = 50
	// rewindEvery is how many pages a reader reads before it goes back, by up to as many.
	rewindEvery = 50
	// topicWhole is how many entries are asked for at once when everything is read at the end.
	topicWhole = 1000
	// trimmedWord begins the error that says that entries are gone.
	trimmedWord = "TRIMMED"
)

// Topics is a workload on topics (RAFT.LOG): clients append to them, one entry at a time, and others read them, from
// the beginning to the end and beyond, at one node after the other, some of them waiting for what comes next. Half of
// those that append do so in a session, and try again until they know that it is done; the others leave behind what is
// of unknown fate. Of two topics one is trimmed all the time.
type Topics struct {
	topics [2]*topic
}

// topic is a topic in use.
type topic struct {
	name    string
	trimmed bool
	// appending counts clients that have not ended.
	appending atomic.Int32

	mu      sync.Mutex
	history topicHistory
	// retried counts attempts in sessions that had no answer.
	retried int
}

// NewTopics makes a workload, for one run.
func NewTopics() *Topics {
	w := &Topics{}
	for i := range w.topics {
		name := fmt.Sprint("topic", i)
		w.topics[i] = &topic{name: name, trimmed: i == 1, history: topicHistory{topic: name}}
	}
	return w
}

// Keys are the topics.
func (w *Topics) Keys() (names []string) {
	for _, t := range w.topics {
		names = append(names, t.name)
	}
	return names
}

// Work appends and reads until the run is over. Then readers read to the end.
func (w *Topics) Work(ctx context.Context, f *Field) error {
	var clients []func(context.Context) error
	for id := range topicAppenders {
		t := w.topics[id%2]
		t.appending.Add(1)
		a := &appender{visitor: newVisitor(f, kindAppender, id), topic: t, once: id/2%2 == 1}
		clients = append(clients, a.work)
	}
	for id := range topicReaders {
		clients = append(clients, (&topicReader{visitor: newVisitor(f, kindReader, id), topic: w.topics[id%2]}).work)
	}
	for _, t := range w.topics {
		if t.trimmed {
			clients = append(clients, (&trimmer{newVisitor(f, kindTrimmer, 0), t}).work)
		}
	}
	return together(ctx, clients...)
}

// appender appends entries to a topic, one after the other.
type appender struct {
	*visitor
	topic *topic
	// once says that it does so in a session, which is 0 until it is open.
	once     bool
	session  uint64
	sequence int
}

func (a *appender) work(ctx context.Context) error {
	defer a.leave()
	defer a.topic.appending.Add(-1)
	if a.once {
		var err error
		if a.session, err = a.openSession(ctx); err != nil {
			return err
		}
	}
	for !a.field.Over() {
		if err := a.append(ctx); err != nil {
			return fmt.Errorf("client %d appends to %s: %w", a.id, a.topic.name, err)
		}
		if err := a.pause(ctx, topicThink); err != nil {
			return err
		}
	}
	return nil
}

// append appends one more entry.
func (a *appender) append(ctx context.Context) error {
	a.sequence++
	entry := a.topic.begin(fmt.Sprintf("%d.%d", a.id, a.sequence), a.field.Now())
	command := []string{"RAFT.LOG", "APPEND", a.topic.name, entry.data}
	if !a.once {
		o, err := a.do(ctx, command...)
		if err != nil {
			return err
		}
		return a.topic.settle(entry, o)
	}
	command = append([]string{"RAFT.ONCE", strconv.FormatUint(a.session, 10), strconv.Itoa(a.sequence)}, command...)
	o, attempts, err := a.insist(ctx, command...)
	if err != nil {
		return err
	}
	a.topic.count(attempts - 1)
	if err := a.topic.settle(entry, o); err != nil || a.rng.IntN(4) > 0 {
		return err
	}
	a.leave() // and now from another node, although it is done
	again, _, err := a.insist(ctx, command...)
	if err == nil && again.reply.String() != o.reply.String() {
		err = fmt.Errorf("%q was answered %v at first, and %v again", command, o.reply, again.reply)
	}
	return err
}

// begin takes note of an entry before it is sent.
func (t *topic) begin(data string, now int64) *addend {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := &addend{data: data, call: now, end: math.MaxInt64, fate: client.Unknown}
	t.history.addends = append(t.history.addends, a)
	return a
}

// settle takes note of what became of it.
func (t *topic) settle(a *addend, o outcome) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.fate = o.fate; o.fate != client.Done {
		return nil
	}
	index, err := strconv.ParseUint(o.reply.Text, 10, 64)
	if err != nil || o.reply.Kind != ':' {
		return fmt.Errorf("APPEND was answered %v", o.reply)
	}
	a.end, a.index = o.end, index
	return nil
}

func (t *topic) count(retried int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retried += retried
}

// topicReader reads a topic.
type topicReader struct {
	*visitor
	topic *topic
	after uint64
	// starts are where its pages began.
	starts []uint64
}

func (r *topicReader) work(ctx context.Context) error {
	defer r.leave()
	for {
		ended := r.topic.appending.Load() == 0
		p, err := r.read(ctx)
		if err != nil {
			return fmt.Errorf("reader %d of %s: %w", r.id, r.topic.name, err)
		}
		switch {
		case p == nil:
			continue // its fate is unknown
		case ended && !p.full && !p.gone:
			return nil
		}
		r.goOn(p)
		if p.full && !ended {
			continue // there is more
		}
		if err := r.pause(ctx, topicThink); err != nil && !ended {
			return err
		}
	}
}

// read asks for one page; nil if there was no answer.
func (r *topicReader) read(ctx context.Context) (*page, error) {
	count := 1 + r.rng.IntN(topicPage)
	command := []string{"RAFT.LOG", "READ", r.topic.name, strconv.FormatUint(r.after, 10), "COUNT", strconv.Itoa(count)}
	if r.rng.IntN(2) == 0 {
		command = append(command, "BLOCK", strconv.FormatInt(topicBlock.Milliseconds(), 10))
	}
	o, err := r.do(ctx, command...)
	if err != nil || o.fate != client.Done {
		return nil, err
	}
	p := &page{reader: r.id, after: r.after, call: o.call, end: o.end, gone: isError(o.reply, trimmedWord)}
	if p.gone {
		p.goOn, err = firstIn(o.reply)
	} else if p.entries, err = entriesIn(o.reply); err == nil {
		p.full = len(p.entries) == count
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", command, err)
	}
	r.topic.mu.Lock()
	defer r.topic.mu.Unlock()
	r.topic.history.pages = append(r.topic.history.pages, *p)
	return p, nil
}

// goOn moves behind a page; now and then back, to where another page began.
func (r *topicReader) goOn(p *page) {
	switch {
	case p.gone:
		r.after = p.goOn
	case len(p.entries) > 0:
		r.starts = append(r.starts, r.after)
		r.after = p.entries[len(p.entries)-1].index
	}
	if len(r.starts) == rewindEvery {
		r.after = r.starts[r.rng.IntN(len(r.starts))]
		r.starts = nil
	}
}

// entriesIn takes the reply to a READ apart.
func entriesIn(reply client.Reply) (entries []topicEntry, err error) {
	if reply.Kind != '*' {
		return nil, fmt.Errorf("the answer is %v", reply)
	}
	for _, item := range reply.Items {
		if len(item.Items) != 2 || item.Items[0].Kind != ':' || item.Items[1].Kind != '$' {
			return nil, fmt.Errorf("%v is no entry", item)
		}
		index, err := strconv.ParseUint(item.Items[0].Text, 10, 64)
		if err != nil {
			return nil, err
		}
		entries = append(entries, topicEntry{index, item.Items[1].Text})
	}
	return entries, nil
}

// trimmer trims a topic.
type trimmer struct {
	*visitor
	topic *topic
}

func (t *trimmer) work(ctx context.Context) error {
	defer t.leave()
	for !t.field.Over() {
		if err := wait(ctx, topicTrimPeriod); err != nil {
			return err
		}
		before, worthwhile := t.topic.place(topicKept)
		if !worthwhile {
			continue
		}
		o, err := t.do(ctx, "RAFT.LOG", "TRIM", t.topic.name, "BEFORE", strconv.FormatUint(before, 10))
		if err != nil {
			return err
		}
		if o.fate == client.Done && o.reply.Kind != ':' {
			return fmt.Errorf("TRIM was answered %v", o.reply)
		}
		t.topic.mu.Lock()
		t.topic.history.cuts = append(t.topic.history.cuts, cut{before, o.call, o.end, o.fate})
		t.topic.mu.Unlock()
	}
	return nil
}

// place is the index behind which so many acknowledged entries are; false if there are fewer.
func (t *topic) place(kept int) (index uint64, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var indexes []uint64
	for _, a := range t.history.addends {
		if a.fate == client.Done {
			indexes = append(indexes, a.index)
		}
	}
	if len(indexes) <= kept {
		return 0, false
	}
	slices.Sort(indexes)
	return indexes[len(indexes)-1-kept], true
}

// Verify reads the topics once more and checks what became of every entry.
func (w *Topics) Verify(ctx context.Context, f *Field) error {
	v := newVisitor(f, kindChecker, 0)
	defer v.leave()
	var problems []error
	for _, t := range w.topics {
		var err error
		if t.history.rest, err = t.whole(ctx, v); err != nil {
			return err
		}
		problems = append(problems, t.history.check())
	}
	return errors.Join(problems...)
}

// whole reads a topic from its first entry to its last.
func (t *topic) whole(ctx context.Context, v *visitor) (all []topicEntry, err error) {
	for after := uint64(0); ; {
		o, _, err := v.insist(ctx, "RAFT.LOG", "READ", t.name, strconv.FormatUint(after, 10), "COUNT",
			strconv.Itoa(topicWhole))
		if err != nil {
			return nil, err
		}
		if isError(o.reply, trimmedWord) { // or a trim of unknown fate takes effect now
			if after, err = firstIn(o.reply); err != nil {
				return nil, err
			}
			all = nil
			continue
		}
		entries, err := entriesIn(o.reply)
		if err != nil {
			return nil, fmt.Errorf("%s at the end: %w", t.name, err)
		}
		if len(entries) == 0 {
			return all, nil
		}
		all, after = append(all, entries...), entries[len(entries)-1].index
	}
}

// firstIn is the index behind which a topic can be read, as the error says that tells of a trim.
func firstIn(reply client.Reply) (after uint64, err error) {
	fields := strings.Fields(reply.Text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("%v does not say where to go on", reply)
	}
	first, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil || first == 0 {
		return 0, fmt.Errorf("%v does not say where to go on", reply)
	}
	return first - 1, nil
}

// Trimmed is how often a reader was answered that what it asked for was trimmed.
func (w *Topics) Trimmed() (times int) {
	for _, t := range w.topics {
		for _, p := range t.history.pages {
			if p.gone {
				times++
			}
		}
	}
	return times
}

// String says how much was appended, read and trimmed.
func (w *Topics) String() string {
	var done, unknown, retried, pages, cuts int
	for _, t := range w.topics {
		for _, a := range t.history.addends {
			switch a.fate {
			case client.Done:
				done++
			case client.Unknown:
				unknown++
			}
		}
		retried, pages, cuts = retried+t.retried, pages+len(t.history.pages), cuts+len(t.history.cuts)
	}
	return fmt.Sprintf("topics: %d entries appended, %d of unknown fate, %d attempts in sessions without an answer; "+
		"%d pages read; %d trims, met %d times", done, unknown, retried, pages, cuts, w.Trimmed())
}
