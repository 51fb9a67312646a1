package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"tsujiban"
	"tsujiban/store"
)

// The calls of one number lie all over the file, which is in the order of time: of a file that is not in memory nearly each call is a page that the
// disk has to be asked for. One reader asks for one page after the other; a disk serves many at a time. So the ids are read first, out of the
// indexes of numbers alone, and then the rows by several readers at once.
const (
	scatterFrom    = 32 // fewer rows are read by one reader
	scatterChunk   = 32 // rows that a reader takes at a time
	scatterReaders = 8
)

// scattered tells whether a query is answered that way.
func scattered(q *store.CallQuery, limit int) bool {
	return limit >= scatterFrom && ofNumber(q)
}

// ofNumber tells whether a query asks for nothing that the indexes of numbers do not have.
func ofNumber(q *store.CallQuery) bool {
	return !q.Number.IsZero() && q.Customer == "" && q.Direction == nil && q.Action == nil && !q.OnlyOpen
}

// idsQuery writes the query for the ids of a number's calls, newest first. One to oneself is there twice, one right after the other.
func idsQuery(l layout, q store.CallQuery, limit int) (string, []any, error) {
	where, args, err := callsWhere(q)
	if err != nil {
		return "", nil, err
	}
	return ofSides(l, q, 2*limit, sides[:], `id, start`, where, args, false)
}

const rowsQuery = `SELECT ` + callColumns + ` FROM calls WHERE id IN (SELECT value FROM json_each(?))`

// scatter is a page of the calls of a number, newest first. A call that is erased between the reading of its id and of its row is not there.
func (d *database) scatter(ctx context.Context, l layout, q store.CallQuery, limit int) (page store.CallPage, err error) {
	ids, next, err := d.callIDs(ctx, l, q, limit)
	if err != nil {
		return page, err
	}
	d.ahead.rows(ids)
	calls, err := d.callsOf(ctx, ids)
	if err != nil {
		return page, err
	}
	page.Calls = slices.DeleteFunc(calls, func(c store.Call) bool { return c.ID == 0 })
	page.Next = next
	return page, nil
}

// callIDs are the ids of a page, and the cursor of the next one.
func (d *database) callIDs(ctx context.Context, l layout, q store.CallQuery, limit int) (ids []int64, next string, err error) {
	query, args, err := idsQuery(l, q, limit+1)
	if err != nil {
		return nil, "", err
	}
	var last store.Call
	err = d.listKept(ctx, "list the calls", query, args, func(r *sql.Rows) error {
		var id, start int64
		err := r.Scan(&id, &start)
		switch n := len(ids); {
		case err != nil || n > 0 && ids[n-1] == id:
		case n == limit:
			next = cursorOf(&last)
		default:
			ids = append(ids, id)
			last.ID, last.At = tsujiban.CallID(id), fromMicros(start)
		}
		return err
	})
	return ids, next, err
}

// callsOf reads calls by their ids, each in the place of its id; one that is not there is the zero call.
func (d *database) callsOf(ctx context.Context, ids []int64) ([]store.Call, error) {
	calls := make([]store.Call, len(ids))
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, min(scatterReaders, (len(ids)+scatterChunk-1)/scatterChunk))
	for w := range errs {
		wg.Go(func() {
			for errs[w] == nil {
				from := int(next.Add(scatterChunk)) - scatterChunk
				if from >= len(ids) {
					return
				}
				to := min(from+scatterChunk, len(ids))
				errs[w] = d.callsChunk(ctx, ids[from:to], calls[from:to])
			}
		})
	}
	wg.Wait()
	return calls, errors.Join(errs...)
}

func (d *database) callsChunk(ctx context.Context, ids []int64, calls []store.Call) error {
	arg, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	place := make(map[tsujiban.CallID]int, len(ids))
	for i, id := range ids {
		place[tsujiban.CallID(id)] = i
	}
	return d.listKept(ctx, "read the calls", rowsQuery, []any{string(arg)}, func(r *sql.Rows) error {
		c, err := scanCall(r)
		if err == nil {
			calls[place[c.ID]] = c
		}
		return err
	})
}
