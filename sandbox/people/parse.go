package people

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scriptForms is what an error about a script offers.
const scriptForms = `want one or more of these, separated by commas: ` +
	`reads, reads after 3s, reads after 2s-10m, never reads, delivered after 1s, never delivered, ` +
	`fails, fails "no such device" after 1s, expires after 1h, replies "yes" after 1m`

// ParseScript reads a script: phrases separated by commas.
//
//	reads [after 3s]              delivered and read
//	never reads                   delivered only
//	delivered after 1s            says when the message is delivered
//	never delivered               the message stays sent
//	fails ["reason"] [after 1s]   instead of being delivered
//	expires [after 1h]            instead of being delivered
//	replies "yes" [after 5s]      any number of times
//
// Times count from the send. They are Go durations (1m30s) or whole days (2d). With two of
// them (2s-10m) a time between the two is picked for every message. Acts that the text does
// not mention come from [DefaultScript], and never later than an act that needs them: somebody
// who replies after two seconds has read the message by then.
//
// A script is UTF-8 and has at most [MaxScript] bytes.
func ParseScript(text string) (Script, error) {
	if len(text) > MaxScript {
		return nil, fmt.Errorf("the script has %d bytes, %d are allowed", len(text), MaxScript)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("script %q: it must be UTF-8", text)
	}
	p := parser{denied: map[Deed]bool{}}
	err := p.phrases(text)
	if err == nil {
		err = p.contradiction()
	}
	if err != nil {
		return nil, fmt.Errorf("script %q: %w", text, err)
	}
	return p.complete(), nil
}

// parser collects the phrases of a script.
type parser struct {
	acts   Script
	denied map[Deed]bool
}

func (p *parser) phrases(text string) error {
	for {
		phrase, rest, more := cutPhrase(text)
		if err := p.phrase(phrase); err != nil {
			return err
		}
		if !more {
			return nil
		}
		text = rest
	}
}

// cutPhrase cuts at the first comma outside quotes.
func cutPhrase(text string) (phrase, rest string, more bool) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if quoted, err := strconv.QuotedPrefix(text[i:]); err == nil {
				i += len(quoted) - 1
			}
		case ',':
			return strings.TrimSpace(text[:i]), text[i+1:], true
		}
	}
	return strings.TrimSpace(text), "", false
}

func (p *parser) phrase(phrase string) error {
	switch phrase {
	case "never reads":
		p.denied[Reads] = true
		return nil
	case "never delivered":
		p.denied[Delivers] = true
		return nil
	}
	word, rest, _ := strings.Cut(phrase, " ")
	does := Deed(max(0, slices.Index(deedNames[:], word)))
	if does == 0 || word == "" {
		return fmt.Errorf("unknown %q; %s", phrase, scriptForms)
	}
	a := Act{Does: does, After: usually(does)}
	rest = strings.TrimSpace(rest)
	if quoted, err := strconv.QuotedPrefix(rest); err == nil && (does == Replies || does == Fails) {
		a.Text, _ = strconv.Unquote(quoted)
		rest = strings.TrimSpace(rest[len(quoted):])
	} else if does == Replies {
		return fmt.Errorf(`%q lacks its text; want replies "yes", with the text in double quotes`, phrase)
	}
	if rest != "" {
		after, err := parseAfter(rest)
		if err != nil {
			return fmt.Errorf("%q: %w", phrase, err)
		}
		a.After, a.Until = after.From, after.To
	}
	if does != Replies && p.acts.has(does) {
		return fmt.Errorf("says %q twice; want it once", does)
	}
	p.acts = append(p.acts, a)
	return nil
}

// contradiction reports phrases that cannot all be true of one message.
func (p *parser) contradiction() error {
	ends := p.acts.has(Fails) || p.acts.has(Expires)
	reached := p.acts.has(Reads) || p.acts.has(Replies)
	switch {
	case p.denied[Reads] && p.acts.has(Reads):
		return errors.New("says both reads and never reads; want one of them")
	case p.denied[Delivers] && p.acts.has(Delivers):
		return errors.New("says both delivered and never delivered; want one of them")
	case p.denied[Delivers] && reached:
		return errors.New("never delivered, so it can be neither read nor answered")
	case p.acts.has(Fails) && p.acts.has(Expires):
		return errors.New("says both fails and expires; want one of them")
	case ends && reached:
		return errors.New("a message that fails or expires is neither read nor answered")
	}
	return nil
}

// complete adds the acts that the text leaves out, and sorts by time.
func (p *parser) complete() Script {
	s := p.acts
	if !s.has(Fails) && !s.has(Expires) && !p.denied[Delivers] {
		if !s.has(Reads) && !p.denied[Reads] {
			s = append(s, Act{Does: Reads, After: min(readsAfter, s.first(Replies, readsAfter))})
		}
		if !s.has(Delivers) {
			soonest := min(s.first(Reads, deliveredAfter), s.first(Replies, deliveredAfter))
			s = append(s, Act{Does: Delivers, After: min(deliveredAfter, soonest)})
		}
	}
	s.sort()
	return s
}

func usually(d Deed) time.Duration {
	switch d {
	case Reads:
		return readsAfter
	case Fails:
		return failsAfter
	case Expires:
		return expiresAfter
	case Replies:
		return repliesAfter
	default:
		return deliveredAfter
	}
}

func parseAfter(text string) (Span, error) {
	span, ok := strings.CutPrefix(text, "after ")
	if !ok {
		return Span{}, fmt.Errorf("unknown %q; want a time, like after 3s", text)
	}
	return parseSpan(strings.TrimSpace(span))
}

// parseSpan reads 3s or 2s-10m. The end is zero when there is none.
func parseSpan(text string) (s Span, err error) {
	from, to, ranged := strings.Cut(text, "-")
	if from == "" {
		return Span{}, notDuration(text)
	}
	if s.From, err = parseTime(strings.TrimSpace(from)); err != nil || !ranged {
		return s, err
	}
	if s.To, err = parseTime(strings.TrimSpace(to)); err != nil {
		return Span{}, err
	}
	if s.To <= s.From {
		return Span{}, fmt.Errorf("%q ends before it begins; want the shorter time first", text)
	}
	return s, nil
}

func parseTime(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, notDuration(text)
	}
	return d, nil
}

func notDuration(text string) error {
	return fmt.Errorf("%q is not a duration; want one like 3s, 1m30s, 12h or 2d, or two of them like 2s-10m", text)
}
