package resp

import "testing"

// While an entry is applied, all clients of the node wait. A read whose cost grows with what is stored must not ride
// along: it follows as a run of its own, and sees what was written before it.
func TestALongReadDoesNotRideWithAWrite(t *testing.T) {
	store, clients := sharedClients(t, 1)
	store.finish = func(r *Request) {
		for i := range r.Run.Calls {
			if spec := r.Run.Calls[i].Spec; r.Run.HasWrite() && spec != nil && spec.Linear {
				t.Errorf("%s rides with a write", spec.Name)
			}
		}
		store.done(r)
	}
	for _, long := range []string{"KEYS *", "BITCOUNT a", "BITPOS a 1", "LCS a b"} {
		alone := clients[0].send(long + "\r\n")
		for input, want := range map[string]string{
			"SET a 1\r\nGET a\r\n" + long + "\r\nSET a 1\r\n":  "+OK\r\n$1\r\n1\r\n" + alone + "+OK\r\n",
			"CLIENT REPLY SKIP\r\nSET a 1\r\n" + long + "\r\n": alone,
			"GET a\r\n" + long + "\r\n" + long + "\r\n":        "$1\r\n1\r\n" + alone + alone,
		} {
			clients[0].send("SET a 1\r\n")
			if got := clients[0].send(input); got != want {
				t.Errorf("%q gets %q, want %q", input, got, want)
			}
		}
	}
}
