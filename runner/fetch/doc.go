// Package fetch makes the HTTP requests of fetch steps. It is the one place where a
// flow reaches an address that its author, or a person's data, has chosen.
//
//	client := fetch.New(fetch.Config{})
//	status, body, err := client.Do(ctx, request, 10*time.Second)
//
// # Promises
//
//   - Only public addresses are connected to, unless Config.Allow names others. What
//     counts is the address that a name resolved to, looked at when the connection
//     is made: a name that answers differently the second time gains nothing.
//   - Where machines keep their credentials (169.254.169.254 and its like) is
//     refused also to a host that is allowed by its name.
//   - Redirects are not followed: a 3xx is the answer. No proxy of the environment is
//     used, and no request is sent twice by the client itself.
//   - An answer has a size and a time that it may take; it is not decompressed.
//   - Errors name the scheme and host of a request: never its path, query, headers
//     or body, which may hold secrets.
//
// # Why this way
//
// Checking the URL, or what its host resolves to, before the request lost: the
// dialler asks the resolver again. So the check sits in the dialler's Control, which
// sees the very address of the socket.
package fetch
