// Package shape describes the type of data, in the words of a flow:
//
//	order_id: string
//	total: number
//	paid: boolean
//	ships_at: time
//	due: date
//	note: optional string
//	status: open | closed
//	tags: [string]
//	items: [ { name: string, price: number } ]
//	extra: any
//
// A [Type] decodes JSON ([Type.Decode]) and reports where it does not fit. The checks of
// expressions and templates use the same types. JSON may have more fields than its shape:
// a team often adds a field to its events before anybody declares it, so further fields
// are kept as any. A declared field must be present unless it is optional; an absent
// optional field decodes as nil.
package shape
