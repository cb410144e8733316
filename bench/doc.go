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
// The driver contains the load and the sink, a provider that accepts everything at once.
// So the figures have three parts: the cost of the engine, the cost of the driver, and the
// speed of both together. The same run also measures the limits of the machine: how often
// it can sync, how many requests it answers on loopback, and how fast the simplest loop
// with R1's promises is (package bare). The ratios to these limits are valid on other
// machines too; the figures are not.
//
// Nothing is switched off to improve the figures: the engine is the executable that users
// run, with the same defaults.
package bench
