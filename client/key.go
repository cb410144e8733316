package client

import "context"

type keyOf struct{}

// WithKey gives the next change that is made with a context an Idempotency-Key. The server carries out a change once for a key,
// and answers it again as it was; so a key belongs to one change.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOf{}, key)
}

// keyFrom returns the key of a context, or nothing.
func keyFrom(ctx context.Context) string {
	key, _ := ctx.Value(keyOf{}).(string)
	return key
}
