package templates

import (
	"strconv"
	"strings"
	"time"
)

// dateWords says how a language writes dates. In the layout, D is the day, M the name of
// the month and Y the year.
type dateWords struct {
	layout string
	months [12]string
	days   [7]string // from Sunday
	clock  string    // the layout of a time of day, as Go writes it
}

// wordsOf holds the languages with known names of months and days, by code.
var wordsOf = map[string]*dateWords{
	"en": words("D M Y", "January February March April May June July August September October November December",
		"Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
	"da": words("D. M Y", "januar februar marts april maj juni juli august september oktober november december",
		"søndag mandag tirsdag onsdag torsdag fredag lørdag"),
	"de": words("D. M Y", "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
		"Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
	"es": words("D de M de Y", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
		"domingo lunes martes miércoles jueves viernes sábado"),
	"fr": words("D M Y", "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
		"dimanche lundi mardi mercredi jeudi vendredi samedi"),
	"it": words("D M Y", "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
		"domenica lunedì martedì mercoledì giovedì venerdì sabato"),
	"nb": norwegian,
	"nl": words("D M Y", "januari februari maart april mei juni juli augustus september oktober november december",
		"zondag maandag dinsdag woensdag donderdag vrijdag zaterdag"),
	"no": norwegian,
	"pl": words("D M Y", "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
		"niedziela poniedziałek wtorek środa czwartek piątek sobota"),
	"pt": words("D de M de Y", "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
		"domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado"),
	"sv": words("D M Y", "januari februari mars april maj juni juli augusti september oktober november december",
		"söndag måndag tisdag onsdag torsdag fredag lördag"),
}

// american is English as Americans write it: July 3, 2026, 2:30 PM.
var american = func() *dateWords {
	w := *wordsOf["en"]
	w.layout, w.clock = "M D, Y", "3:04 PM"
	return &w
}()

// norwegian is Bokmål; the code no means it too.
var norwegian = words("D. M Y", "januar februar mars april mai juni juli august september oktober november desember",
	"søndag mandag tirsdag onsdag torsdag fredag lørdag")

func words(layout, months, days string) *dateWords {
	w := &dateWords{layout: layout, clock: "15:04"}
	copy(w.months[:], strings.Fields(months))
	copy(w.days[:], strings.Fields(days))
	return w
}

// date returns a day as the language writes it.
func (l *language) date(t time.Time) string {
	if l.words == nil {
		return t.Format(time.DateOnly)
	}
	var b strings.Builder
	for _, r := range l.words.layout {
		switch r {
		case 'D':
			b.WriteString(strconv.Itoa(t.Day()))
		case 'M':
			b.WriteString(l.words.months[t.Month()-1])
		case 'Y':
			b.WriteString(strconv.Itoa(t.Year()))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// clock returns a time of day as the language writes it.
func (l *language) clock(t time.Time) string {
	if l.words == nil {
		return t.Format("15:04")
	}
	return t.Format(l.words.clock)
}

// weekday returns the name of a day, or an empty text if the language's names are not
// known.
func (l *language) weekday(t time.Time) string {
	if l.words == nil {
		return ""
	}
	return l.words.days[t.Weekday()]
}
