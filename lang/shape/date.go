package shape

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Date is a day of the calendar, without a time of day and without a zone: 2026-03-05. The
// zero Date is no day.
type Date struct {
	year  int
	month time.Month
	day   int
}

// DateOf returns the day that t shows in its zone.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// ParseDate reads a day such as 2026-03-05.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date such as 2026-03-05", text)
	}
	return DateOf(t), nil
}

// Midnight returns the beginning of the day in UTC.
func (d Date) Midnight() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

// Add returns the day that lies some days later.
func (d Date) Add(days int) Date { return DateOf(d.Midnight().AddDate(0, 0, days)) }

// Sub returns the number of days from e to d. It is negative if d is earlier.
func (d Date) Sub(e Date) int {
	return int(d.Midnight().Unix()/daySeconds - e.Midnight().Unix()/daySeconds)
}

const daySeconds = 24 * 60 * 60

// Compare is negative when d is before e, positive when after.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.year, e.year), cmp.Compare(d.month, e.month), cmp.Compare(d.day, e.day))
}

// String returns the day as 2026-03-05.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day) }

// MarshalJSON writes the day as text.
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }
