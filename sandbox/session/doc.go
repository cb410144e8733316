// Package session keeps the sessions of people's apps. An app starts one with a JWT of its
// own, as the provider's SDKs do (Dotdigital, "Authentication").
//
//	Start ─▶ challenge with a nonce ─▶ the app signs a JWT ─▶ Create ─▶ token ─▶ Find … End
//
// Sessions are in memory. [Sessions.Changes] and [Sessions.Restore] let an owner keep them
// over a restart, so that the tokens of apps stay valid.
package session
