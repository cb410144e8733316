package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"
)

const (
	minSecret     = 32              // characters of a cluster's secret; nudge does not start with a shorter one
	handshakeTime = 5 * time.Second // until a connection between nodes is proved; one that takes longer is closed

	proofBytes   = sha256.Size
	exportLabel  = "EXPORTER-nudge-cluster"
	clientProves = "client"
	serverProves = "server"
)

// ErrStranger is returned when the other side does not prove that it belongs to this cluster: it has another secret, or another
// store, or somebody is between the two.
var ErrStranger = errors.New("the other side does not prove that it belongs to this cluster; its secret, or its store, is another one")

// Identity is what makes a node one of a cluster.
type Identity struct {
	secrets     []string
	store       string
	certificate tls.Certificate
	connect     func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewIdentity returns the identity of a node of the cluster with these secrets, over a store. The first secret is the one that the
// node proves; it takes proofs of all, so that a secret can be replaced while nodes run. It makes the node's certificate.
func NewIdentity(store string, secrets ...string) (*Identity, error) {
	if len(secrets) == 0 {
		return nil, errors.New("a cluster needs a secret")
	}
	for _, s := range secrets {
		if len(s) < minSecret {
			return nil, fmt.Errorf("the secret of a cluster has at least %d characters; make one with: openssl rand -base64 32", minSecret)
		}
	}
	certificate, err := selfSigned()
	return &Identity{secrets, store, certificate, new(net.Dialer).DialContext}, err
}

// selfSigned makes a certificate that proves nothing: TLS needs one.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<37, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, err
}

// proof is what one side sends: only who knows the secret can make it, and only for this connection.
func (id *Identity) proof(secret, side string, exported []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(side + "\x00" + id.store + "\x00"))
	mac.Write(exported)
	return mac.Sum(nil)
}

// exported returns keying material of a connection, which no other connection has.
func exported(c *tls.Conn) ([]byte, error) {
	state := c.ConnectionState()
	return state.ExportKeyingMaterial(exportLabel, nil, 32)
}

// dial connects to a node, and proves both sides to each other.
func (id *Identity) dial(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	raw, err := id.connect(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	// No certificate is checked: the proofs say who is there, and they hold for this connection only.
	c := tls.Client(raw, &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true})
	if err = id.proveAsClient(c); err == nil && !stop() {
		err = ctx.Err()
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}

func (id *Identity) proveAsClient(c *tls.Conn) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	keys, err := exported(c)
	if err != nil {
		return err
	}
	if _, err := c.Write(id.proof(id.secrets[0], clientProves, keys)); err != nil {
		return err
	}
	var got [proofBytes]byte
	if _, err := io.ReadFull(c, got[:]); err != nil {
		return fmt.Errorf("%w (%w)", ErrStranger, err)
	}
	if !hmac.Equal(got[:], id.proof(id.secrets[0], serverProves, keys)) {
		return ErrStranger
	}
	return nil
}

// prove does the same for a connection that came in. The server's proof goes out only after the client's is right.
func (id *Identity) prove(raw net.Conn) (net.Conn, error) {
	raw.SetDeadline(time.Now().Add(handshakeTime))
	c := tls.Server(raw, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{id.certificate}, SessionTicketsDisabled: true})
	if err := c.Handshake(); err != nil {
		return nil, err
	}
	keys, err := exported(c)
	if err != nil {
		return nil, err
	}
	var got [proofBytes]byte
	if _, err := io.ReadFull(c, got[:]); err != nil {
		return nil, err
	}
	for _, secret := range id.secrets {
		if hmac.Equal(got[:], id.proof(secret, clientProves, keys)) {
			_, err := c.Write(id.proof(secret, serverProves, keys))
			return c, errors.Join(err, raw.SetDeadline(time.Time{}))
		}
	}
	return nil, ErrStranger
}
