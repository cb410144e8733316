// Package bench measures Nudge on the machine it runs on: the reference workload R1 and
// its relatives, against nudge serve as a process of its own, over loopback HTTP, with
// every accepted input synced to disk before it is answered.
//
//	driver (this process)                 engine (a child, nudge serve)
//	callers ── POST /v1/events ─────────▶ events
//	sink    ◀─ POST /messages[/batch] ─── sends
//	callers ── POST /webhooks/comapi ───▶ receipts
//	meter   ◀─ /v1/flows, /metrics, /proc/PID
//
// The driver holds the load and the sink, a provider that takes everything at once. So
// the figures have three parts: what the engine costs, what the driver costs, and how
// fast both are together. Beside them, in the same run, stand the limits of the machine:
// how often it can sync, how many requests it answers on loopback, and how fast the
// barest loop is that keeps R1's promises (package bare). Ratios to those hold on other
// machines too; figures do not.
//
// Nothing is switched off to look better: the engine is the executable that users run,
// with the defaults that they get.
package bench
