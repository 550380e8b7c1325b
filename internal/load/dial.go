package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// redialPause is how long the generator waits after a dial that failed, so that it does not keep a server from
// starting.
const redialPause = 20 * time.Millisecond

// dial opens a connection that is ready for requests.
func (p *plan) dial(ctx context.Context, address string) (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = p.introduce(conn)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", address, err), conn.Close())
	}
	return conn.(*net.TCPConn), nil // tcp makes no other
}

// introduce sends AUTH and SELECT as far as they are wanted. The server sends nothing that was not asked for, so the
// reader takes nothing of later replies.
func (p *plan) introduce(conn net.Conn) error {
	var commands [][]string
	switch {
	case p.Password != "" && p.User != "":
		commands = append(commands, []string{"AUTH", p.User, p.Password})
	case p.Password != "":
		commands = append(commands, []string{"AUTH", p.Password})
	}
	if p.Database != 0 {
		commands = append(commands, []string{"SELECT", strconv.Itoa(p.Database)})
	}
	reader := bufio.NewReader(conn)
	for _, command := range commands {
		if _, err := conn.Write(client.Encode(nil, command...)); err != nil {
			return err
		}
		line, err := reader.ReadString('\n')
		if err != nil {
			return err
		}
		if line = strings.TrimSpace(line); line != "+OK" {
			return fmt.Errorf("%s: %s", command[0], strings.TrimPrefix(line, "-"))
		}
	}
	return nil
}

// dialAll opens the connections of all links, each to its address. On an error none is left open.
func (p *plan) dialAll(ctx context.Context, connections int) (all []*net.TCPConn, err error) {
	for i := range connections {
		conn, err := p.dial(ctx, p.address(i))
		if err != nil {
			for _, other := range all {
				err = errors.Join(err, other.Close())
			}
			return nil, err
		}
		all = append(all, conn)
	}
	return all, nil
}

// address is the one with a number; they come in turn.
func (p *plan) address(n int) string { return p.Addresses[n%len(p.Addresses)] }

// redial dials until there is a connection, at one address after the other from a number on, or until ctx has ended,
// which gives nil. It tells each failure.
func (p *plan) redial(ctx context.Context, number int, failed func(error)) *net.TCPConn {
	for ; ctx.Err() == nil; number++ {
		conn, err := p.dial(ctx, p.address(number))
		if err == nil {
			return conn
		}
		if ctx.Err() != nil {
			return nil
		}
		failed(err)
		select {
		case <-ctx.Done():
		case <-time.After(redialPause):
		}
	}
	return nil
}
