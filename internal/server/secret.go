package server

import (
	"bytes"
	"fmt"
	"os"
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
