package servers

import (
	"context"
	"io"
	"net"
	"strconv"
	"syscall"
)

// Redis is one server that keeps nothing on disk.
type Redis struct {
	*Process
	// Address is where it listens, as host:port.
	Address string
}

// StartRedis starts a server.
func StartRedis(ctx context.Context, dir string) (*Redis, error) {
	server, err := program("redis-server")
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	r := &Redis{Address: address(ports[0])}
	r.Process = &Process{
		Name: "redis", Dir: dir, program: server, stop: syscall.SIGTERM,
		args:  []string{"--bind", "127.0.0.1", "--port", strconv.Itoa(ports[0]), "--save", "", "--appendonly", "no", "--dir", dir},
		ready: func(ctx context.Context) error { return exchange(ctx, r.Address, "PING\r\n", "+PONG") },
	}
	return r, r.Start(ctx)
}

// exchange says something and expects an answer that begins in a certain way.
func exchange(ctx context.Context, address, say, expect string) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // one exchange
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := connection.Write([]byte(say)); err != nil {
		return err
	}
	answer := make([]byte, len(expect))
	if _, err := io.ReadFull(connection, answer); err != nil {
		return err
	}
	if string(answer) != expect {
		return errUnexpected(answer)
	}
	return nil
}

type errUnexpected string

func (e errUnexpected) Error() string { return "it answers " + strconv.Quote(string(e)) }
