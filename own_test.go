package tsujiban

import (
	"reflect"
	"testing"
	"time"
)

func TestOwnOnlyNarrows(t *testing.T) {
	limits := Limits{CapDay: 20_000, CapMonth: 0, LongestCall: time.Hour, BarCountries: []string{"SL"}, Channels: 3}
	for _, c := range []struct {
		own  Own
		want Limits
	}{
		{Own{}, limits},
		{Own{CapDay: 50_000, LongestCall: 2 * time.Hour}, limits}, // above the operator's: the operator's holds
		{
			Own{CapCall: 500, CapDay: 3000, CapMonth: 9000, LongestCall: time.Minute, BarCountries: []string{"US", "SL", "CU"}},
			Limits{CapCall: 500, CapDay: 3000, CapMonth: 9000, LongestCall: time.Minute, BarCountries: []string{"CU", "SL", "US"}, Channels: 3},
		},
	} {
		if got := c.own.Narrow(limits); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: got %+v, want %+v", c.own, got, c.want)
		}
	}
	if len(limits.BarCountries) != 1 {
		t.Error("the operator's list was changed")
	}
}
