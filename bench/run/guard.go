package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// customers is how many the guard knows beside the one that calls.
const customers = 1000

// guard is the program itself, with everything on: journal on disk before each
// INVITE, policy, spend and fraud.
func guard(bin string) *subject {
	return &subject{name: guardName, start: func(ctx context.Context, at *place) (*process, error) {
		return startGuard(ctx, bin, at)
	}}
}

func startGuard(ctx context.Context, bin string, at *place) (*process, error) {
	files := map[string]string{"tsujiban.toml": guardConfig(at), "rates.csv": guardRates, "customers.toml": guardCustomers(at)}
	for name, text := range files {
		if _, err := at.write(name, []byte(text)); err != nil {
			return nil, err
		}
	}
	config, ports := filepath.Join(at.dir, "tsujiban.toml"), filepath.Join(at.dir, "ports")
	p, err := at.start(ctx, "tsujiban", at.cores, bin, "serve", "-config", config, "-ports", ports)
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, p, ports); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	if _, err := output(ctx, patience, bin, "import", "-config", config, filepath.Join(at.dir, "customers.toml")); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// ready waits for the file that the program writes when it listens.
func ready(ctx context.Context, p *process, ports string) error {
	for until := time.Now().Add(patience); time.Now().Before(until) && ctx.Err() == nil; {
		if text, err := os.ReadFile(ports); err == nil && strings.Contains(string(text), "udp ") {
			return nil
		}
		if p.wait(20 * time.Millisecond) {
			return p.died()
		}
	}
	return errors.Join(fmt.Errorf("%s is not ready after %v", p.name, patience), ctx.Err())
}

func guardConfig(at *place) string {
	return fmt.Sprintf(`[node]
name = "bench"
data = "data"

[[listen]]
transport = "udp"
address = "%v"

[[carrier]]
id = "carrier"
address = "%v"
probe = "0s" # SIPp's carrier knows no OPTIONS

[guard]
fraud = "enforce"
rates = "rates.csv"
closed = ["232"]

[guard.defaults]
channels = 0 # one PBX makes all the calls here, more than a customer's limits can say
calls_per_second = 0

[log]
level = "warn"
`, at.proxy, at.carrier)
}

const guardRates = `prefix,name,yen_per_minute,increment_s
81,Japan,3,180
8150,Japan IP phone,10,180
8190,Japan mobile,16,60
8180,Japan mobile,16,60
8170,Japan mobile,16,60
1,United States,9,60
44,United Kingdom,20,60
86,China,30,60
232,Sierra Leone,175,60
`

// guardCustomers is one customer that may call without a bound that the load
// would reach, and a crowd beside it.
func guardCustomers(at *place) string {
	var b strings.Builder
	fmt.Fprintf(&b, `[[customer]]
id = "bench"
name = "Bench"
international = true
opened = "2015-04-01"
numbers = ["+81%s"]
[customer.limits]
cap_call = 5000
cap_day = 1000000000
cap_month = 1000000000

[[trunk]]
id = "bench-pbx"
customer = "bench"
sources = ["%v/32"]
address = "%v"
`, caller[1:], at.pbx.Addr(), at.pbx)
	for i := range customers {
		fmt.Fprintf(&b, "\n[[customer]]\nid = \"firm-%04d\"\nname = \"Firm %d\"\nopened = \"2020-04-01\"\nnumbers = [\"+813600%05d\"]\n", i, i, i)
	}
	return b.String()
}
