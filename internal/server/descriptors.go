package server

import (
	"fmt"
	"math"
	"strconv"
	"syscall"

	"github.com/raftredis/raftredis/internal/setting"
)

// spareDescriptors are the files that a node needs besides the sockets of its clients.
const spareDescriptors = 64

// refuseMoreThanDescriptors refuses more clients than the system has descriptors for.
func refuseMoreThanDescriptors(text string) *setting.Refusal {
	wanted, noNumber := strconv.ParseInt(text, 10, 64)
	var descriptors syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &descriptors); err != nil || noNumber != nil {
		return nil
	}
	maximum := int64(min(descriptors.Cur, math.MaxInt64)) - spareDescriptors
	if wanted <= maximum {
		return nil
	}
	return &setting.Refusal{
		Found: text, Wanted: fmt.Sprintf("%d at most: that is what the system has descriptors for", maximum),
		// Redis's text, before the number that would do.
		Redis: fmt.Sprintf("The operating system is not able to handle the specified number of clients, try with %d",
			maximum),
	}
}
