package main

import (
	"sync"
	"time"

	"nudge/engine"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// person is one of the demo's people: their behaviour and the expected result.
type person struct {
	name     string
	order    string
	total    int
	does     string   // for people
	scripts  []string // what they do with their first, second, … message
	returns  time.Duration
	outcome  string
	messages int
}

// cast are the people of the demo.
func cast() []person {
	return []person{
		{name: "ann", order: "A-1001", total: 24, does: "reads it after 20 minutes",
			scripts: []string{"reads after 20m"}, outcome: engine.OutcomeCompleted, messages: 1},
		{name: "bob", order: "A-1002", total: 80, does: "ignores it for a day, reads the reminder",
			scripts: []string{"never reads", "reads after 1h"}, outcome: engine.OutcomeCompleted, messages: 2},
		{name: "col", order: "A-1003", total: 15, does: "has a new phone: messages fail",
			scripts: []string{`fails "no such device" after 10s`}, outcome: "undeliverable", messages: 1},
		{name: "dee", order: "A-1004", total: 230, does: `replies "help!" after 10 minutes`,
			scripts: []string{`never reads, replies "help!" after 10m`, "reads after 1m"}, outcome: "handed_over", messages: 2},
		{name: "eve", order: "A-1005", total: 9, does: "sends the order back after 5 hours",
			scripts: []string{"never reads"}, returns: 5 * time.Hour, outcome: "returned", messages: 1},
	}
}

// playbook hands the people their scripts, message by message.
type playbook struct {
	mu    sync.Mutex // guards lines
	lines map[string][]people.Script
}

func newPlaybook(cast []person) (*playbook, error) {
	p := &playbook{lines: map[string][]people.Script{}}
	for _, who := range cast {
		for _, text := range who.scripts {
			script, err := people.ParseScript(text)
			if err != nil {
				return nil, err
			}
			p.lines[who.name] = append(p.lines[who.name], script)
		}
	}
	return p, nil
}

// script returns what a person does with the present message. The last script is used for
// all further messages.
func (p *playbook) script(m sandbox.Message) people.Script {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines[m.Profile]
	if len(lines) == 0 {
		return people.DefaultScript()
	}
	if len(lines) > 1 {
		p.lines[m.Profile] = lines[1:]
	}
	return lines[0]
}
