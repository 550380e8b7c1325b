package server

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/raftredis/raftredis/internal/setting"
)

// openToOthers are the rights that a file with a secret must not give. The group may read it: that may be how the
// process that needs the file gets it.
const openToOthers = 0o027

// readSecret reads the file of the cluster secret. The line end that editors add does not count.
func readSecret(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--cluster-secret-file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&openToOthers != 0 {
		return nil, fmt.Errorf("--cluster-secret-file: %s has the mode %#o: others can read or change it, so it is no "+
			"secret; chmod 600 %[1]s, and if it was like that for long, a new secret", path, info.Mode().Perm())
	}
	secret := bytes.TrimRight(text, "\r\n")
	if len(secret) == 0 {
		return nil, fmt.Errorf("--cluster-secret-file: %s is empty; put a long random line into it", path)
	}
	return secret, nil
}

// checkPeersDoor refuses to listen for other nodes where anyone may reach the port and nothing keeps strangers out: a
// node that joins reads everything, whatever the password of clients.
func (c *Config) checkPeersDoor(at net.Addr, secret []byte) error {
	tcp, is := at.(*net.TCPAddr)
	if len(secret) > 0 || c.node.InsecurePeers || is && tcp.IP.IsLoopback() {
		return nil
	}
	return wrong("--bind %s lets other machines reach port %d, where nodes talk to each other: without a secret, whoever "+
		"reaches it can become a member and read everything. Make one, and give it to all nodes with "+
		"--cluster-secret-file: (umask 077; head -c 32 /dev/urandom | base64 > cluster-secret). Where the network itself "+
		"keeps others out, --insecure-peers permits it", strings.Join(c.bind, " "), c.peerPort)
}

// How a password is stretched, so that what a node tells a stranger that asks to be let in is of little use to try
// passwords at leisure. maxJoinKeys bounds the keys that are remembered: one for this node's cluster, and one for each
// blank node that it asks.
const (
	joinIterations = 200_000
	joinKeyBytes   = 32
	maxJoinKeys    = 32
)

// joinSecret tells what a node must know to join, or to change the members, where there is no cluster secret: the
// password of clients, who may add nodes, too. Stretching a password takes a tenth of a second, so it is done once for
// each salt.
func joinSecret(password *setting.SharedText) func(salt []byte) []byte {
	var mu sync.Mutex
	var stretched string
	keys := map[string][]byte{}
	return func(salt []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		now := password.Load()
		if now == "" {
			return nil
		}
		if key := keys[string(salt)]; now == stretched && key != nil {
			return key
		}
		if now != stretched || len(keys) >= maxJoinKeys {
			clear(keys)
		}
		key, err := pbkdf2.Key(sha256.New, now, salt, joinIterations, joinKeyBytes)
		if err != nil {
			panic(err) // the parameters are constants
		}
		stretched, keys[string(salt)] = now, key
		return key
	}
}
