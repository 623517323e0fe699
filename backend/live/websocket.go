package live

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/queryjson"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// maxRequest is the longest message that a client may send, in bytes.
const maxRequest = 64 << 10

// statusEnded closes a connection whose credential has ended: the client is to renew it and to
// come again.
const statusEnded websocket.StatusCode = 4401

// ServeWebSocket serves one client of /v1/ws.
func (s *Service) ServeWebSocket(w http.ResponseWriter, r *http.Request) {
	org, err := caller.Org(r.Context())
	if err == nil {
		err = checkOrigin(r)
	}
	if err != nil {
		problem.Write(w, err)
		return
	}
	leave, err := s.enter()
	if err != nil {
		problem.Write(w, err)
		return
	}
	defer leave()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow() //nolint:errcheck // the connection may be gone already
	conn.SetReadLimit(maxRequest)

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	// The client is told when the server stops; closing also ends the reading below.
	stop := context.AfterFunc(s.ctx, func() { //nolint:contextcheck // the service outlives the request
		_ = conn.Close(websocket.StatusGoingAway, "the server is stopping") // the client may be gone
	})
	defer stop()
	session := s.newSession(org)
	session.wait.Go(func() {
		defer cancel()
		s.writeFrames(ctx, conn, session, r)
	})
	session.readRequests(ctx, conn)
	cancel()
	session.close()
}

// checkOrigin refuses a browser page of another site, which would come with the user's cookie.
func checkOrigin(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	parsed, err := url.Parse(origin)
	if err == nil && strings.EqualFold(parsed.Host, r.Host) {
		return nil
	}
	return &errcode.Error{
		Code: errcode.Forbidden, Field: "Origin", Message: "is " + strconv.Quote(origin) + ", not this server",
		Fix: "connect from a page of " + r.Host + ", or with a key from a program",
	}
}

// writeFrames sends what waits, and a ping when nothing has been heard for a while, until the
// connection ends.
func (s *Service) writeFrames(ctx context.Context, conn *websocket.Conn, session *session, r *http.Request) {
	heartbeat := time.NewTicker(s.config.Heartbeat)
	defer heartbeat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case f := <-session.frames:
			err = s.writeWithin(ctx, func(ctx context.Context) error { return conn.Write(ctx, websocket.MessageText, f.data) })
		case <-heartbeat.C:
			if s.ended(r) {
				_ = conn.Close(statusEnded, "the credential has ended") // the client may be gone
				return
			}
			err = s.writeWithin(ctx, conn.Ping)
		}
		if err != nil {
			return
		}
	}
}

func (s *Service) writeWithin(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.WriteTimeout)
	defer cancel()
	return write(ctx)
}

// readRequests serves what the client asks until the connection ends.
func (s *session) readRequests(ctx context.Context, conn *websocket.Conn) {
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			s.sendError("", errcode.New(errcode.Invalid, "messages are JSON text, not binary"))
			continue
		}
		s.serve(ctx, data)
	}
}

// serve answers one message.
func (s *session) serve(ctx context.Context, data []byte) {
	var r request
	if err := decodeStrictly(data, &r); err != nil {
		s.sendError(r.ID, err)
		return
	}
	switch r.Type {
	case "subscribe":
		if err := s.subscribe(ctx, r); err != nil {
			s.sendError(r.ID, err)
			return
		}
		s.send(frame{"subscribed", append(queryjson.AppendString([]byte(`{"type":"subscribed","id":`), r.ID), '}')})
	case "unsubscribe":
		s.unsubscribe(r.ID)
	case "ping":
		s.send(frame{"pong", []byte(`{"type":"pong"}`)})
	default:
		s.sendError(r.ID, errcode.InvalidField("type", "is not a message: "+strconv.Quote(r.Type), "use subscribe, unsubscribe or ping"))
	}
}

// decodeStrictly reads a message and refuses members that nobody knows.
func decodeStrictly(data []byte, r *request) error {
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(r)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		fix := "send a string"
		if wrongType.Type.Kind() == reflect.Int {
			fix = "send a whole number"
		}
		return errcode.InvalidField(wrongType.Field, "is a "+wrongType.Value, fix)
	}
	return &errcode.Error{
		Code: errcode.Invalid, Message: "the message cannot be read: " + err.Error(),
		Fix: `send an object such as {"type":"subscribe","id":"cpu","kind":"metrics","query":"up"}`,
	}
}
