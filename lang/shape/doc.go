// Package shape says what data looks like, in the words of a flow:
//
//	order_id: string
//	total: number
//	paid: boolean
//	ships_on: time
//	note: optional string
//	status: open | closed
//	tags: [string]
//	items: [ { name: string, price: number } ]
//	extra: any
//
// A [Type] reads JSON ([Type.Decode]) and tells where it does not fit; the checks of
// expressions and templates walk the same types. Shapes are not closed against what
// they do not name: a team adds a field to its events before anybody declares it,
// so further fields are kept as any. What is named must be there unless it is
// optional, and an optional field that is absent is present as nil.
package shape
