// Package session knows who uses the client side of the sandbox: the sessions that apps
// start with a JWT of their own, as the provider's SDKs do (Dotdigital, "Authentication").
//
//	Start ─▶ challenge with a nonce ─▶ the app signs a JWT ─▶ Create ─▶ token ─▶ Find … End
//
// Sessions are in memory: after a restart a token is good no more, and an SDK that hears
// so starts another session by itself.
package session
