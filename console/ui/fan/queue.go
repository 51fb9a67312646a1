package fan

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// queue reaches a viewer through net/http, by a goroutine of its own: that of watch.
type queue struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	waiting chan message
	cut     chan struct{} // closed by end
	end_    sync.Once
}

func newQueue(w http.ResponseWriter) *queue {
	return &queue{w: w, rc: http.NewResponseController(w), waiting: make(chan message, maxQueue), cut: make(chan struct{})}
}

func (q *queue) send(m *message, _ time.Time) (more, ok bool) {
	select {
	case q.waiting <- *m:
		return false, true
	default:
		return false, false
	}
}

func (q *queue) retry(time.Time) (more, ok bool) { return false, true }

func (q *queue) end() { q.end_.Do(func() { close(q.cut) }) }

func (q *queue) watch(ctx context.Context) {
	q.w.WriteHeader(http.StatusOK)
	if q.rc.Flush() != nil {
		return
	}
	for {
		select {
		case m := <-q.waiting:
			_ = q.rc.SetWriteDeadline(time.Now().Add(maxStall)) // without deadlines the queue still bounds
			if _, err := q.w.Write(m.body()); err != nil || q.rc.Flush() != nil {
				return
			}
		case <-q.cut:
			return
		case <-ctx.Done():
			return
		}
	}
}
