package kafkaclient

import (
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

const (
	dialTimeout = 5 * time.Second
	// metadataTTL is how long the cluster's layout is remembered: after a change of leaders
	// writes fail, and are tried again, for this long at most.
	metadataTTL = 2 * time.Second
	idleTimeout = 30 * time.Second
)

// Transport returns connections for requests of any kind. The caller closes the idle ones in the
// end.
func (c *Config) Transport() (*kafka.Transport, error) {
	secured, err := c.TLS.Load()
	if err != nil {
		return nil, err
	}
	login, err := c.SASL.mechanism()
	if err != nil {
		return nil, err
	}
	return &kafka.Transport{
		DialTimeout: dialTimeout, IdleTimeout: idleTimeout, MetadataTTL: metadataTTL,
		ClientID: c.ClientID, TLS: secured, SASL: login,
	}, nil
}

// Dialer returns what a consumer group connects with.
func (c *Config) Dialer() (*kafka.Dialer, error) {
	secured, err := c.TLS.Load()
	if err != nil {
		return nil, err
	}
	login, err := c.SASL.mechanism()
	if err != nil {
		return nil, err
	}
	return &kafka.Dialer{ClientID: c.ClientID, Timeout: dialTimeout, DualStack: true, TLS: secured, SASLMechanism: login}, nil
}

// mechanism returns nil without a login.
func (c *SASLConfig) mechanism() (sasl.Mechanism, error) {
	switch c.Mechanism {
	case mechanismPlain:
		return plain.Mechanism{Username: c.Username, Password: string(c.Password)}, nil
	case mechanismSCRAM256:
		return scram.Mechanism(scram.SHA256, c.Username, string(c.Password))
	case mechanismSCRAM512:
		return scram.Mechanism(scram.SHA512, c.Username, string(c.Password))
	}
	return nil, nil
}
