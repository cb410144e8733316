package appmessaging

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// defaultTimeout is how long a send waits for its answer; then its outcome is unknown. The
// provider may take 121 seconds to answer and asks clients to wait at least 130 (Dotdigital,
// partner guide).
const defaultTimeout = 130 * time.Second

// defaultConcurrency is how many idle connections are kept when [Config] does
// not say.
const defaultConcurrency = 64

// Limits on a batch: 5,000 messages, and 10 MB as any request (Dotdigital, batch page).
// The default is the size of the provider's own batches of webhooks: larger ones save
// few requests, and each that is lost leaves all of its messages unknown.
const (
	MaxBatch     = 5000 // the largest `batch` of an account; a larger one is a mistake of the settings
	defaultBatch = 500  // messages in one request, or `batch` of the account; further ones go into the next request
)

// idleTimeout is shorter than the idle timeouts of common load balancers (60 s and more),
// so that we close an idle connection first. If the other side closes it while we write, the
// outcome is unknown.
const idleTimeout = 30 * time.Second

// Config says which account of the provider to use, and how.
type Config struct {
	// BaseURL is the scheme and host, without a path prefix:
	// https://api.comapi.com, or https://r1-api.dotdigital.com for the newer hosts.
	BaseURL string

	// PathPrefix is /apispaces/{id} on the classic host, /cpaas on the newer ones.
	PathPrefix string

	// Token is sent as a Bearer token. It excludes User and Password.
	Token Secret

	// User and Password are sent as HTTP Basic authentication.
	User     string
	Password Secret

	// Timeout is how long one send may take, on the real clock; 0 means 130 s. A timeout
	// shorter than the provider's own makes more unknown outcomes.
	Timeout time.Duration

	// Batch is how many messages are posted together at most, 1 to MaxBatch; 0 means
	// 500, and 1 that each is posted alone.
	Batch int

	// Concurrency is how many sends the caller makes at once, and so how many idle
	// connections are kept; 0 means 64. It does not limit the sends.
	Concurrency int

	// Transport gives the dialler, the proxy and the TLS settings. It is copied, and the
	// copy is used for all requests. Nil means one like
	// http.DefaultTransport. Idle connections and compression are set by New.
	Transport *http.Transport
}

// String returns the account's address. It holds no secret.
func (c Config) String() string { return c.BaseURL + c.PathPrefix }

// LogValue keeps secrets out of logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

var pathPrefix = regexp.MustCompile(`^(/apispaces/[A-Za-z0-9_-]+|/cpaas)$`)

// endpoint returns the URL that begins all paths of the API, or an error that names the
// wrong field.
func (c Config) endpoint() (*url.URL, error) {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil:
		return nil, errors.New("appmessaging: BaseURL is not a URL; want one like https://api.comapi.com")
	case u.User != nil:
		return nil, errors.New("appmessaging: BaseURL holds a user or password; " +
			"they belong in User and Password")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return nil, fmt.Errorf("appmessaging: BaseURL %q: want a scheme (https) and a host, "+
			"like https://api.comapi.com", c.BaseURL)
	case u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, fmt.Errorf("appmessaging: BaseURL %q: want nothing behind the host; "+
			"a path belongs in PathPrefix", c.BaseURL)
	case !pathPrefix.MatchString(c.PathPrefix):
		return nil, fmt.Errorf("appmessaging: PathPrefix %q: want /apispaces/{id} with the ID "+
			"of your API space, or /cpaas", c.PathPrefix)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: c.PathPrefix}, nil
}

// validate reports the first wrong field of those that endpoint does not read. It never
// shows a secret.
func (c Config) validate() error {
	switch {
	case c.Token == "" && c.User == "" && c.Password == "":
		return errors.New("appmessaging: Token is empty; want an access token, or User and Password")
	case c.Token != "" && (c.User != "" || c.Password != ""):
		return errors.New("appmessaging: Token excludes User and Password; want one or the other")
	case c.Token == "" && c.User == "":
		return errors.New("appmessaging: User is empty although there is a Password")
	case c.Token == "" && c.Password == "":
		return errors.New("appmessaging: Password is empty although there is a User")
	case strings.ContainsRune(c.User, ':'):
		return errors.New("appmessaging: User holds a colon, which HTTP Basic cannot carry")
	case strings.ContainsFunc(string(c.Token), notVisible):
		return errors.New("appmessaging: Token holds a space, a line break or another character " +
			"that no token has; was it read from a file with a line break at its end?")
	case c.Timeout < 0:
		return fmt.Errorf("appmessaging: Timeout %v is negative; want 0 for %v, or more",
			c.Timeout, defaultTimeout)
	case c.Batch < 0 || c.Batch > MaxBatch:
		return fmt.Errorf("appmessaging: Batch %d: want 1 to %d, or 0 for %d", c.Batch, MaxBatch, defaultBatch)
	case c.Concurrency < 0:
		return fmt.Errorf("appmessaging: Concurrency %d is negative; want 0 for %d, or more",
			c.Concurrency, defaultConcurrency)
	}
	return nil
}

func notVisible(r rune) bool { return r <= ' ' || r > '~' }

// transport returns the caller's transport, or one like Go's default, with settings for
// many small requests to one host.
func (c Config) transport() *http.Transport {
	base := c.Transport
	if base == nil {
		base, _ = http.DefaultTransport.(*http.Transport)
	}
	if base == nil { // somebody replaced http.DefaultTransport
		base = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	t := base.Clone()
	t.MaxIdleConnsPerHost = cmp.Or(c.Concurrency, defaultConcurrency)
	t.MaxIdleConns = 0 // all are of one host, which has its limit above
	t.IdleConnTimeout = idleTimeout
	t.ForceAttemptHTTP2 = true  // a transport with a dialler or TLS settings of its own does not offer it
	t.DisableCompression = true // answers are small, and a limit on them should mean bytes
	return t
}
