package resp

import "testing"

func TestLolwutNamesTheVersion(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	for input, want := range map[string]string{
		"LOLWUT\r\n":           bulkText("Redis ver. 7.2.4\n"),
		"LOLWUT VERSION 5\r\n": bulkText("Redis ver. 7.2.4\n"),
		"LOLWUT VERSION x\r\n": "-ERR value is not an integer or out of range\r\n",
	} {
		if got := c.send(input); got != want {
			t.Errorf("%q gets %q, want %q", input, got, want)
		}
	}
}
