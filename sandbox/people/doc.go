// Package people describes the people of the sandbox: what they do with the messages they
// get, and what goes wrong by chance around them. It reads people.yaml and is pure: the same
// seed, profile and text always give the same [Script].
//
//	people.yaml ─▶ Read ─▶ People ─▶ Script of a message ─▶ its acts, with their times
//	                  └──▶ Faults ─▶ what happens to the n-th request and the n-th event
package people
