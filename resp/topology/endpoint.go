package topology

import (
	"fmt"
	"slices"
)

// EndpointType is by which of its names a node tells clients to connect to another one.
type EndpointType uint8

const (
	// IPEndpoint is the announced address, which may be a name as well.
	IPEndpoint EndpointType = iota
	// HostnameEndpoint is the announced host name; a node that announced none is "?".
	HostnameEndpoint
	// UnknownEndpoint has clients stay with the host that they know, and change the port only.
	UnknownEndpoint
)

var endpointTypes = [...]string{
	IPEndpoint: "ip", HostnameEndpoint: "hostname", UnknownEndpoint: "unknown-endpoint",
}

// String is the type's name, as ParseEndpointType takes it.
func (e EndpointType) String() string { return endpointTypes[e] }

// EndpointTypes are the names of all types, as Redis calls them.
func EndpointTypes() []string { return endpointTypes[:] }

// ParseEndpointType finds a type by its name.
func ParseEndpointType(name string) (EndpointType, error) {
	if i := slices.Index(endpointTypes[:], name); i >= 0 {
		return EndpointType(i), nil
	}
	return 0, fmt.Errorf("a cluster's endpoint type is ip, hostname or unknown-endpoint, not %q", name)
}

// Of is the endpoint of a node with this address and host name.
func (e EndpointType) Of(host, hostname string) string {
	switch {
	case e == IPEndpoint:
		return host
	case e == UnknownEndpoint:
		return ""
	case hostname == "":
		return "?"
	}
	return hostname
}
