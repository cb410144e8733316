package notify

import "net/http"

// UseTransport makes a courier send its requests by a transport.
func UseTransport(c *Courier, t http.RoundTripper) { c.client.Transport = t }
