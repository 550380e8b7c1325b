package topology

import "testing"

func TestEndpointsFollowThePreferredType(t *testing.T) {
	for _, c := range []struct{ name, hostname, want string }{
		{"ip", "a.example", "192.0.2.1"}, {"ip", "", "192.0.2.1"},
		{"hostname", "a.example", "a.example"}, {"hostname", "", "?"},
		{"unknown-endpoint", "a.example", ""}, {"unknown-endpoint", "", ""},
	} {
		e, err := ParseEndpointType(c.name)
		if err != nil {
			t.Fatal(err)
		}
		leader := Leader{Host: "192.0.2.1", Port: 7, Hostname: c.hostname}
		if got := Moved(5, leader, e); got != "MOVED 5 "+c.want+":7" {
			t.Errorf("%s of %q: %s", c.name, c.hostname, got)
		}
	}
	if _, err := ParseEndpointType("name"); err == nil {
		t.Error("an unknown type is taken")
	}
}
