package load

import "time"

// Result is what Run has measured.
type Result struct {
	// Options are those of the run, with defaults.
	Options Options
	// Began is when the time that counts began, Elapsed how long it was: up to the last reply that counts.
	Began   time.Time
	Elapsed time.Duration
	// Interrupted is set if the context ended the run. What was under way then is not counted.
	Interrupted bool

	// Commands are in the order of Options.Commands; All are all of them together.
	Commands []Outcome
	All      Outcome
	// Intervals are what was measured in each interval of the time that counts.
	Intervals []Interval

	// Errors are the kinds of failures, the most frequent first, those of the warm-up among them: WarmUpFailed.
	Errors       []Errors
	WarmUpFailed int64
	// BrokenConnections is how many connections broke, FailedDials how many dials failed after the first connections
	// were there, and DialError why the last of these did.
	BrokenConnections, FailedDials int64
	DialError                      string

	// Lag is by how much the generator sent later than a connection was free and a request due: its own share of the
	// latency in an open loop. It is empty for a closed loop.
	Lag *Histogram
	// Processor is the processor time of this whole process in the time that counts. Busiest is the part of that time in
	// which the busiest loop used a processor: near 1, the generator is the limit, and not the server. It is -1 where the
	// system does not tell.
	Processor ProcessorTime
	Busiest   float64
}

// Outcome is what became of requests.
type Outcome struct {
	Name, Template string
	// Failed is how many requests failed. Latency has all others: from when a request was due, in an open loop, or was
	// sent, in a closed one, to its reply.
	Failed  int64
	Latency *Histogram
}

// Done is how many requests were answered, and not by an error.
func (o *Outcome) Done() int64 { return o.Latency.Count() }

// Rate is how many requests per second were answered, and not by an error.
func (r *Result) Rate(o *Outcome) float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(o.Done()) / r.Elapsed.Seconds()
}

// Failed is how many requests failed, those of the warm-up among them.
func (r *Result) Failed() int64 { return r.All.Failed + r.WarmUpFailed }

// Interval is a part of the run.
type Interval struct {
	// Start is when it began, from when the time that counts began, or of a warm-up from its beginning.
	Start, Length time.Duration
	WarmUp        bool
	// Done and Failed are requests that ended in it.
	Done, Failed int64
	// Latencies are of those done.
	P50, P99, Max time.Duration
}

// Rate is how many requests per second were done.
func (i *Interval) Rate() float64 { return float64(i.Done) / i.Length.Seconds() }

// Errors are failures of one kind.
type Errors struct {
	// Kind is the first word of a server's error, such as CLUSTERDOWN, or what happened to the connection.
	Kind  string
	Count int64
	// First is the text of the first.
	First string
}

// The kinds of failures that no server sends.
const (
	// KindTimeout: no reply within Options.Timeout. The connection was closed then.
	KindTimeout = "(timeout)"
	// KindBroken: the connection broke before the reply.
	KindBroken = "(connection broken)"
	// KindUnsent: the request was due in an open loop, and no connection was free for it until the run ended.
	KindUnsent = "(never sent)"
	// KindProtocol: what came was no reply.
	KindProtocol = "(no reply of Redis's protocol)"
)

// ProcessorTime is time that a process used processors.
type ProcessorTime struct{ User, System time.Duration }

// Total is both together.
func (p ProcessorTime) Total() time.Duration { return p.User + p.System }
