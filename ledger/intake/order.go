package intake

import (
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// inOrder sorts holders so that a reseller comes before those below it, whatever the order of the lines, and refuses
// lines that lead back to themselves or say the same twice.
func inOrder(hs []ledger.HolderChange, r *ledger.Refusals) []ledger.HolderChange {
	type version struct {
		id   tsujiban.CustomerID
		from time.Time
	}
	lines := map[version]int{}
	byID := map[tsujiban.CustomerID][]int{}
	for i := range hs {
		v := version{hs[i].Holder.ID, hs[i].From}
		if before, twice := lines[v]; twice {
			r.Add(hs[i].Line, invalid("holder %q stands there twice from the same day on, also in line %d", v.id, before))
			continue
		}
		lines[v] = hs[i].Line
		byID[v.id] = append(byID[v.id], i)
	}
	const (
		fresh = iota
		open
		done
	)
	state := make(map[tsujiban.CustomerID]int, len(byID))
	out := make([]ledger.HolderChange, 0, len(hs))
	type visit struct {
		id   tsujiban.CustomerID
		next int
	}
	for i := range hs {
		stack := []visit{{id: hs[i].Holder.ID}}
		if state[hs[i].Holder.ID] != fresh {
			continue
		}
		state[hs[i].Holder.ID] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			rows := byID[top.id]
			if top.next < len(rows) {
				row := &hs[rows[top.next]]
				top.next++
				switch p := row.Holder.Parent; {
				case p == "" || len(byID[p]) == 0 || state[p] == done:
				case state[p] == open:
					r.Add(row.Line, invalid("parent: the chain of resellers leads from %q back to itself", p))
				default:
					state[p] = open
					stack = append(stack, visit{id: p})
				}
				continue
			}
			state[top.id] = done
			for _, j := range rows {
				out = append(out, hs[j])
			}
			stack = stack[:len(stack)-1]
		}
	}
	return out
}
