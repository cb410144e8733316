// Package session keeps the sessions of people's apps. An app starts one with a JWT of its
// own, as the provider's SDKs do (Dotdigital, "Authentication").
//
//	Start ─▶ challenge with a nonce ─▶ the app signs a JWT ─▶ Create ─▶ token ─▶ Find … End
//
// Sessions are in memory. After a restart the tokens are not valid any more, and an SDK that
// gets 401 starts another session by itself.
package session
