// Package bench holds what the benchmark gives to programs that are not ours:
// Kamailio's configuration and SIPp's scenarios. The benchmark itself is
// bench/run; the load generator bench/load.
package bench

import _ "embed"

// KamailioConfig is the configuration of the peer. It takes the carrier's URI
// as the preprocessor's CARRIER.
//
//go:embed kamailio.cfg
var KamailioConfig []byte

// SIPpPBX is SIPp's scenario of the PBX. It takes the number dialled and the
// caller from fields 0 and 1 of the injection file.
//
//go:embed sipp/uac.xml
var SIPpPBX []byte

// SIPpCarrier is SIPp's scenario of the carrier.
//
//go:embed sipp/uas.xml
var SIPpCarrier []byte
