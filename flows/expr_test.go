package flows

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// testScope is the type of testValues.
var testScope = shape.MapOf(map[string]*shape.Type{
	NameData: shape.MapOf(map[string]*shape.Type{
		"id": shape.String, "total": shape.Number, "n": shape.Number, "paid": shape.Boolean,
		"note": shape.String.OrNil(), "vip": shape.Boolean.OrNil(), "at": shape.Moment,
		"plan":  shape.OneOf("free", "pro"),
		"tags":  shape.ListOf(shape.String),
		"names": shape.ListOf(shape.String).OrNil(),
		"items": shape.ListOf(shape.MapOf(map[string]*shape.Type{"name": shape.String, "price": shape.Number})),
		"extra": shape.Any,
	}),
	NameReply: replyShape,
	NameNow:   shape.Moment,
})

var testValues = map[string]any{
	NameData: map[string]any{
		"id": "O1", "total": 12.5, "n": 3, "paid": true, "note": nil, "vip": nil,
		"at":    shape.TimeOf(instant("2026-03-05T14:00:00Z")),
		"tags":  []any{"a", "b", "a"},
		"names": nil,
		"items": []any{map[string]any{"name": "Lamp", "price": 20}, map[string]any{"name": "Rug", "price": 30.5}},
		"extra": map[string]any{"n": 7},
	},
	NameReply: map[string]any{"text": "I'd say 9", "number": nil, "keyword": "i'd say 9"},
	NameNow:   shape.TimeOf(instant("2026-03-05T15:00:00Z")),
}

// testHome is the project of the expressions that are tested.
func testHome() home {
	return home{time.UTC, map[string]*Category{
		"work": {Window: Windows{{Days: EveryDay, From: 9 * 60, To: 17 * 60}}}, "always": {},
	}, map[string]bool{}, nil}
}

func mustExpr(t testing.TB, source string, want purpose) *Expr {
	t.Helper()
	e, list := tryExpr(source, want)
	if e == nil {
		t.Fatalf("%s: %v", source, list)
	}
	return e
}

func tryExpr(source string, want purpose) (*Expr, diag.List) {
	var list diag.List
	m := node.Parse("f.yaml", []byte("if: |-\n  "+source+"\n"), &list)
	e, _ := compileExpr(m.Text("if"), 0, testScope, testHome(), want, &list)
	return e, list
}

func TestConditions(t *testing.T) {
	for source, want := range map[string]bool{
		`data.total > 12`: true, `data.total == 12.5`: true, `data.n == 3`: true, `data.n >= 3.0`: true, `1 < data.n < 4`: true,
		`data.id == "O1" and data.paid`: true, `not data.paid or data.vip`: false, `!data.vip`: true, `data.vip`: false,
		`data.note == nil`: true, `data.note == "x"`: false, `(data.note ?? "none") == "none"`: true,
		`reply.number >= 9`: false, `reply.number < 9`: false, `reply.number in 0..10`: false, `data.n in 0..10`: true,
		`data.n in 4..data.total`: false, `data.total in 0..100`: false, `not (data.n in -1..2)`: true,
		`open("work")`: true, `not open("10:00-15:00")`: true, `open(["10:00-12:00", "thu 14:00-16:00"])`: true, `open("always")`: true,
		`now > data.at`: true, `data.at < now`: true, `data.at == now`: false, `data.at == data.at`: true, `now <= data.at`: false,
		`lower(reply.text) contains "say"`: true, `data.note contains "x"`: false, `data.id matches "^O[0-9]+$"`: true,
		`"a" in data.tags`: true, `len(data.items) == 2`: true, `any(data.items, .price > 30)`: true,
		`all(data.items, #.name != "")`: true, `count(data.tags, # == "a") == 2`: true,
		`len(filter(data.items, .price < 25)) == 1`: true, `first(data.items)?.name == "Lamp"`: true,
		`data.items[1].price == 30.5`: true, `int(data.extra.n) == 7`: true, `(data.extra.m ?? 5) == 5`: true,
		`string(data.total) == "12.5"`: true, `max(1, data.n) == 3`: true, `data.paid ? data.n > 2 : false`: true,
		`len(split(data.id, "-")) > 0`: true, `len(map(data.items, .name)) == 2`: true,
		`len("👨‍👩‍👧‍👦🇩🇪") == 2`: true, `round(2.5) == 3`: true, `string(round(-0.4)) == "0"`: true,
		`data.id in ["O1", "O2"]`: true, `data.total * 2 == 25`: true,
		`data.id in (data.names ?? [])`: false, `"a" in (data.paid ? [] : data.tags)`: false, `"a" in (data.paid ? data.tags : [])`: true,
		`any(data.names ?? [], # startsWith "A")`: false, `"a" in (last([[], data.tags]) ?? [])`: true,
	} {
		got, err := mustExpr(t, source, forCondition).Bool(testValues)
		if err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", source, got, err, want)
		}
	}
}

// TestRefusedExpressions holds what must not load: each of these would run, and some
// of them differently from one time to the next.
func TestRefusedExpressions(t *testing.T) {
	for source, code := range map[string]diag.Code{
		`now() > data.at`: codeUnknownFunction, `date("2026-01-01") > date(data.at)`: codeWrongType,
		`len(keys(data.extra)) > 0`: codeUnknownFunction, `len(repeat("x", 1000)) > 0`: codeUnknownFunction,
		`$env.data.total > 1`: codeUnknownName, `reduce(data.items, # + 1) > 3`: codeUnknownFunction,
		`data.n in (data.names ?? [])`: codeWrongType,
		`let x = 1; x > 0`:             codeBadExpression, `data.extra`: codeUntyped, `data.extra.x == "y"`: codeUntyped,
		`data.total`: codeWrongType, `data.at > "2026-01-01"`: codeWrongType, `data.id + 1 == "x"`: codeWrongType,
		`data.totl > 1`: codeUnknownField, `data.id.x == "y"`: codeUnknownField, `data.id.trim() == "y"`: codeBadExpression,
		`data.id matches data.id`: codeBadExpression, `data.at.Std() == now`: codeBadExpression,
		`len(sort(data.tags)) > 0`: codeUnknownFunction, `data == data`: codeWrongType, `data[data.id] == "x"`: codeBadExpression,
		`len(0..1000000) > 3`: codeTooCostly, `any(0..9, # > 3)`: codeTooCostly, `data.id in 0..9`: codeWrongType,
		`data.n in 0..data.id`: codeWrongType, `data.n in data.id..9`: codeWrongType, `data.n in reply.number..9`: codeOptional, `data.n in 0..reply.number`: codeOptional,
		`"x" == data.plan`: codeWrongType, `data.plan != "x"`: codeWrongType, `__within(1, 2, 3)`: codeUnknownFunction,
		`__less(1, 2)`: codeUnknownFunction, `1`: codeWrongType, ``: codeBadExpression,
		strings.Repeat("not ", 600) + "data.paid": codeTooCostly, `data.paid and ` + strings.Repeat(" ", maxSource) + `true`: codeTooCostly,
	} {
		e, list := tryExpr(source, forCondition)
		if e != nil || len(list) == 0 || list[0].Code != code && list[0].Code != node.CodeEmpty {
			t.Errorf("%.60s: got %v, want code %s", source, list, code)
		}
	}
}

func TestKeysAndPeople(t *testing.T) {
	for source, want := range map[string]string{`data.id`: "O1", `data.n`: "3", `data.extra.n`: "7", `data.id + "-" + string(data.n)`: "O1-3"} {
		if got, err := mustExpr(t, source, forText).Text(testValues); err != nil || got != want {
			t.Errorf("key %s = %q, %v; want %q", source, got, err, want)
		}
	}
	for source, want := range map[string]string{
		`data.total`:   `f.yaml:1:5: "data.total" must be text or a whole number, but is a number`,
		`data.note`:    `f.yaml:1:5: "data.note" must be text or a whole number, but is absent`,
		`trim("  ")`:   `f.yaml:1:5: "trim(\"  \")" is empty text`,
		`data.extra.q`: `f.yaml:1:5: "data.extra.q" must be text or a whole number, but is absent`,
	} {
		if got, err := mustExpr(t, source, forText).Text(testValues); err == nil || err.Error() != want {
			t.Errorf("key %s = %q, error %v; want %s", source, got, err, want)
		}
	}
	people, err := mustExpr(t, `data.tags`, forPeople).People(testValues)
	if diff := cmp.Diff([]string{"a", "b"}, people); err != nil || diff != "" {
		t.Errorf("people: %v %s", err, diff)
	}
	for _, source := range []string{`data.paid`, `data.at`, `[data.paid]`, `data.items`} {
		if e, list := tryExpr(source, forPeople); e != nil || len(list) != 1 || list[0].Code != codeWrongType {
			t.Errorf("people: %s is taken: %v", source, list)
		}
	}
	many := make([]any, MaxPeople+1)
	for i := range many {
		many[i] = i
	}
	scope := map[string]any{NameData: map[string]any{"tags": many}}
	if _, err := mustExpr(t, `data.tags`, forPeople).People(scope); err == nil {
		t.Error("people: more than MaxPeople are taken")
	}
}

// TestRuntimeErrorHasPlace holds that what only shows at run time is found in the
// file as well.
func TestRuntimeErrorHasPlace(t *testing.T) {
	_, err := mustExpr(t, `data.paid and int(reply.text) > 3`, forCondition).Bool(testValues)
	if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:2:17: ") {
		t.Errorf("got %v, want the place f.yaml:2:17", err)
	}
}

func BenchmarkCondition(b *testing.B) {
	e := mustExpr(b, `data.total > 10 and lower(data.id) contains "o" and data.paid`, forCondition)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := e.Bool(testValues); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}
