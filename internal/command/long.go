package command

import "hash/crc32"

// Long are the long values that Reply lacks. They are copied by the connection, when no lock is held: a reply of half a
// gigabyte would hold up all writes of the node.
type Long struct {
	values []longValue
	// bytes is how long they are together, held the memory that they keep; owner is what the last one keeps.
	bytes, held int
	owner       any
}

// LeftOutBytes is how long a part of a value is that a connection has left to Long: see Run.LateBytes.
const LeftOutBytes = 256 << 10

// Text is a string that does not change.
type Text interface {
	// ReadAt copies what there is from an offset on into dst, and says how much that was.
	ReadAt(dst []byte, offset int) int
	// Held is how many bytes of memory any part of the text keeps, and what these belong to: two texts of one owner keep
	// them once. nil is an owner by itself.
	Held() (owner any, bytes int)
}

type longValue struct {
	// at is the place in Reply.
	at int
	// The value is the text from begin on, so many bytes; or what answer makes: see AddLate.
	text         Text
	begin, bytes int
	answer       func(maxBytes int) []byte
}

// FixedReply is Call.Fixed as a Text.
type FixedReply []byte

// ReadAt is that of Text.
func (r FixedReply) ReadAt(dst []byte, offset int) int { return copy(dst, r[offset:]) }

// Held is that of Text.
func (r FixedReply) Held() (owner any, bytes int) { return nil, len(r) }

// Add notes that behind the first `at` bytes of Reply some bytes of a text are missing: those from begin to end.
func (l *Long) Add(at int, text Text, begin, end int) {
	l.values = append(l.values, longValue{at: at, text: text, begin: begin, bytes: end - begin})
	l.bytes += end - begin
	l.owner, l.held = l.heldWith(text)
}

// AddLate notes that behind the first `at` bytes of Reply the whole reply to a read is missing, which was put off: the
// connection calls answer, when no lock is held. The reply has at most maxBytes, where that is not 0, or is an error.
func (l *Long) AddLate(at int, answer func(maxBytes int) []byte) {
	l.values = append(l.values, longValue{at: at, answer: answer})
}

// Cut forgets what is missing behind the first `at` bytes of Reply, where these are all that is kept of it.
func (l *Long) Cut(at int) {
	kept := len(l.values)
	for ; kept > 0 && l.values[kept-1].at > at; kept-- {
		l.bytes -= l.values[kept-1].bytes
	}
	if kept == len(l.values) {
		return
	}
	clear(l.values[kept:])
	l.values, l.owner, l.held = l.values[:kept], nil, 0
	for i := range l.values {
		if text := l.values[i].text; text != nil {
			l.owner, l.held = l.heldWith(text)
		}
	}
}

// Late is how many reads were put off.
func (l *Long) Late() (count int) {
	for i := range l.values {
		if l.values[i].answer != nil {
			count++
		}
	}
	return count
}

// answerLate executes the reads that were put off, in their order.
func (r *Run) answerLate() {
	for i := range r.Long.values {
		v := &r.Long.values[i]
		if v.answer == nil {
			continue
		}
		room := 0
		if r.MaxReplyBytes > 0 {
			room = max(r.MaxReplyBytes-len(r.Reply)-r.Long.bytes, 1)
		}
		made := v.answer(room)
		v.text, v.bytes, v.answer = FixedReply(made), len(made), nil
		r.Long.bytes += len(made)
	}
}

// Bytes is how many bytes Reply lacks, without the replies to reads that were put off.
func (l *Long) Bytes() int { return l.bytes }

// Held is how many bytes of memory the values keep until they are joined. A part of a value keeps all of it; parts of
// one value that follow on each other keep it once.
func (l *Long) Held() int { return l.held }

// HeldWith is what Held would be with a part of one more text.
func (l *Long) HeldWith(text Text) int {
	_, held := l.heldWith(text)
	return held
}

func (l *Long) heldWith(text Text) (owner any, held int) {
	owner, bytes := text.Held()
	if owner != nil && owner == l.owner {
		return owner, l.held
	}
	return owner, l.held + bytes
}

// joinBytes is how much of a value is copied at once.
const joinBytes = 1 << 20

// TakesLong is called before what takes long, by the goroutine that does it.
func (r *Run) TakesLong() {
	if r.BeforeLong != nil {
		r.BeforeLong()
	}
}

// Join makes Reply whole: it executes the reads that were put off, and puts their replies and the long values in. It
// takes no lock, and the values may be replaced meanwhile.
func (r *Run) Join() {
	if len(r.Long.values) == 0 {
		return
	}
	r.TakesLong()
	r.answerLate()
	whole, done := make([]byte, 0, len(r.Reply)+r.Long.bytes), 0
	var rest Text = FixedReply(r.Reply) // what lies between long values may be long as well
	for i := range r.Long.values {
		v := &r.Long.values[i]
		whole, done = appendText(whole, rest, done, v.at-done), v.at
		whole = appendText(whole, v.text, v.begin, v.bytes)
	}
	r.Reply, r.Long = appendText(whole, rest, done, len(r.Reply)-done), Long{}
}

// appendText appends the bytes of a text from begin on, so many, to dst, which has room for them.
func appendText(dst []byte, text Text, begin, bytes int) []byte {
	for bytes > 0 {
		step := min(bytes, joinBytes)
		dst = appendStep(dst, text, begin, step)
		begin, bytes = begin+step, bytes-step
	}
	return dst
}

// appendStep is a call, and is never inlined: between two of them others may run.
//
//go:noinline
func appendStep(dst []byte, text Text, begin, bytes int) []byte {
	length := len(dst) + bytes
	if text.ReadAt(dst[len(dst):length], begin) < bytes {
		panic("command: a value has become shorter")
	}
	return dst[:length]
}

// SummedBytes is from which length on the body of a run gets a checksum when it is submitted.
const SummedBytes = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum goes on with a checksum, which begins with 0. It stands for a long body where that comes back from the log:
// to compare half a gigabyte would hold up all commands of the node, and the sum of each part is made when the part
// comes.
func Checksum(sum uint32, part []byte) uint32 {
	for len(part) > SummedBytes {
		sum = crc32.Update(sum, castagnoli, part[:SummedBytes]) // a call: between two of them others may run
		part = part[SummedBytes:]
	}
	return crc32.Update(sum, castagnoli, part)
}

// Summarize makes the checksum of what was submitted, if that is longer than so many bytes: SummedBytes, but in tests.
func (r *Run) Summarize(bytes int) {
	if r.Summed = len(r.Submitted) > bytes; r.Summed {
		r.Sum = Checksum(0, r.Submitted)
	}
}
