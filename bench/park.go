package bench

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"time"

	"nudge/store"
	"nudge/store/bolt"
)

const (
	// firstPoint is the number of waiting runs at the first point of a curve. Each next
	// point has ten times as many.
	firstPoint = 10_000
	// maxSample is the largest number of runs that are started and read at a point.
	maxSample = 20_000
	// parkData is the size of an event's data in park, in bytes.
	parkData = 200
	// parkCallers is how many requests with many events are sent in parallel.
	parkCallers = 8
)

// parking is the state of a park measurement.
type parking struct {
	*session
	waiting int          // runs
	next    int          // the number of the next run
	dice    *rand.Rand   // picks runs
	ended   map[int]bool // numbers of the ended runs
}

// park makes runs wait, with ten times as many at each point of a curve as at the one
// before. At the end, many timers are due together.
func (s *session) park() error {
	files := r1Project("30d")
	maps.Copy(files, timersProject())
	if err := s.prepare(files); err != nil {
		return err
	}
	points := pointsTo(s.Runs)
	if err := s.warm(s.Runs + len(points)*sampleAt(s.Runs)); err != nil {
		return err
	}
	p := &parking{session: s, next: warmRuns, dice: rand.New(rand.NewPCG(stormSeed, 0)), ended: map[int]bool{}}
	for n := range warmRuns {
		p.ended[n] = true
	}
	for _, waiting := range points {
		if err := p.point(waiting); err != nil {
			return err
		}
	}
	if err := p.timers(); err != nil {
		return err
	}
	return s.limits(min(s.Runs, bareRuns))
}

// pointsTo returns the numbers of waiting runs at which park measures.
func pointsTo(runs int) (points []int) {
	for n := firstPoint; n < runs; n *= 10 {
		points = append(points, n)
	}
	return append(points, runs)
}

// sampleAt returns how many runs are started and read while this many wait.
func sampleAt(waiting int) int { return min(max(1, waiting/5), maxSample) }

// point loads runs until this many wait, and takes the measurements of the point.
func (p *parking) point(waiting int) error {
	if err := p.load(waiting); err != nil {
		return err
	}
	point := Point{Waiting: waiting}
	if anonymous, resident, ok := memoryOf(p.engine.pid()); ok {
		point.Memory = &Memory{anonymous, resident}
	}
	if err := p.engine.stop(); err != nil {
		return err
	}
	if err := p.weigh(&point); err != nil {
		return err
	}
	var err error
	if point.AfterStop, err = p.restart(); err != nil {
		return err
	}
	if err := p.sample(&point); err != nil {
		return err
	}
	p.engine.kill()
	if point.AfterKill, err = p.restart(); err != nil {
		return err
	}
	p.report.Park = append(p.report.Park, point)
	return nil
}

// load starts runs in the fastest way until this many wait.
func (p *parking) load(waiting int) error {
	runs := waiting - p.waiting
	name := fmt.Sprintf("load to %d", waiting)
	_, err := p.phase(name, runs, func() error {
		if err := p.lines(name, p.next, runs, parkCallers, parkEvent); err != nil {
			return err
		}
		return p.untilWaiting(name, waiting)
	})
	p.waiting, p.next = waiting, p.next+runs
	return err
}

// weigh records how much of the file the runs take. The engine must not run.
func (p *parking) weigh(point *Point) error {
	files, err := bolt.OpenExisting(filepath.Join(p.Dir, dataFolder))
	if err != nil {
		return err
	}
	defer files.Close()
	parts, err := files.Parts()
	point.Buckets = map[string]int64{}
	for _, part := range parts {
		if part.Records == 0 {
			continue
		}
		point.Buckets[part.Bucket] = part.Bytes
		bytes := float64(part.Bytes) / float64(point.Waiting)
		switch part.Bucket {
		case store.Journal.String():
			point.JournalBytes = bytes
		case store.Ended.String(): // from the samples of earlier points
		default:
			point.FileBytes += bytes
		}
	}
	return err
}

// restart starts the engine again, and returns the seconds until it answered.
func (p *parking) restart() (float64, error) {
	began := time.Now()
	if err := p.begin(); err != nil {
		return 0, err
	}
	_, err := p.flow(r1Flow)
	return time.Since(began).Seconds(), err
}

// sample starts some more runs, and reads the same number of randomly picked runs.
func (p *parking) sample(point *Point) error {
	n := sampleAt(point.Waiting)
	start, err := p.phase(fmt.Sprintf("start at %d", point.Waiting), n, func() error {
		err := p.fan("start", n, p.Callers, func(i int) error {
			_, err := p.post("/v1/events", asJSON, parkEvent(nil, p.next+i))
			return err
		})
		if err != nil {
			return err
		}
		return p.untilWaiting("start", p.waiting+n)
	})
	if err != nil {
		return err
	}
	p.next += n
	picked := p.pick(n)
	ended := len(p.ended)
	read, err := p.phase(fmt.Sprintf("receipts at %d", point.Waiting), n, func() error {
		err := p.fan("receipts", n, p.Callers, func(i int) error { return p.webhook(p.sink.receipt(nil, picked[i], "read")) })
		if err != nil {
			return err
		}
		return p.untilEnded("receipts", ended)
	})
	if err != nil {
		return err
	}
	point.Start, point.Receipt = 1e6/start.PerSecond, 1e6/read.PerSecond
	if start.Costs != nil && read.Costs != nil {
		point.StartCPU, point.ReceiptCPU = 1e6*start.EngineCPU/float64(n), 1e6*read.EngineCPU/float64(n)
	}
	return nil
}

// pick picks waiting runs at random. The caller reads them next.
func (p *parking) pick(n int) (picked []int) {
	for len(picked) < n {
		if number := p.dice.IntN(p.next); !p.ended[number] {
			p.ended[number] = true
			picked = append(picked, number)
		}
	}
	return picked
}

// parkEvent appends R1's event with data of a fixed size. The padding is random, so no
// encoding can make it smaller.
func parkEvent(b []byte, n int) []byte {
	const begin, end = `,"note":"`, `"}`
	data := orderData(nil, n)
	data = append(data[:len(data)-1], begin...)
	dice := rand.New(rand.NewPCG(stormSeed, uint64(n)))
	for len(data) < parkData-len(end) {
		data = append(data, byte('a'+dice.IntN(26)))
	}
	return eventOf(b, n, append(data, end...))
}
