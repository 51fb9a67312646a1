package outbox

// Kind says what a notice is about; a closed set.
type Kind uint8

// The kinds. New ones go at the end: the names are stored and stand in configurations.
const (
	Test          Kind = iota
	Question           // a customer is asked whether the use is theirs
	Restriction        // what a restriction's reach says is stopped
	Closing            // everything but emergency calls is stopped
	Release            // it is lifted
	Reply              // what the customer answered
	Spending           // 50, 80 or 100 % of a cap
	Trouble            // journal or carrier fail, or work again
	Overdue            // a step of a suspension case is past its date
	Proposal           // something waits for a second person
	Undeliverable      // a notice could not be told
	Digest             // the last day
	numKinds
)

// Kinds are all kinds, in order.
func Kinds() []Kind {
	var ks []Kind
	for k := range numKinds {
		ks = append(ks, k)
	}
	return ks
}

var kindNames = [numKinds]string{
	"test", "question", "restriction", "closing", "release", "reply", "spending", "trouble", "overdue", "proposal", "undeliverable", "digest",
}

// String is the kind's stable code.
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "invalid"
}

// ParseKind finds a kind by its code.
func ParseKind(s string) (Kind, bool) {
	for i, n := range kindNames {
		if n == s {
			return Kind(i), true
		}
	}
	return 0, false
}

// Urgent tells whether the kind is told at once, whatever hour it is and whatever people
// have chosen not to hear of: somebody's calls are stopped, or are about to be.
func (k Kind) Urgent() bool {
	return k == Test || k == Question || k == Restriction || k == Closing
}

// Case tells whether the kind is about a case of suspicion.
func (k Kind) Case() bool { return k >= Question && k <= Reply }

// Channel is a way to tell somebody; a closed set.
type Channel uint8

// The channels.
const (
	Mail    Channel = iota // To is a mail address
	Webhook                // To is the id of a webhook in the configuration
	numChannels
)

var channelNames = [numChannels]string{"mail", "webhook"}

// String is the channel's stable code.
func (c Channel) String() string {
	if c < numChannels {
		return channelNames[c]
	}
	return "invalid"
}

// ParseChannel finds a channel by its code.
func ParseChannel(s string) (Channel, bool) {
	for i, n := range channelNames {
		if n == s {
			return Channel(i), true
		}
	}
	return 0, false
}

// State is how far a notice is; a closed set.
type State uint8

// The states.
const (
	Waiting State = iota // to be sent at Due
	Sent                 // the other side took it
	Dead                 // given up: Reason says why; it can be sent again
	numStates
)

var stateNames = [numStates]string{"waiting", "sent", "dead"}

// String is the state's stable code.
func (s State) String() string {
	if s < numStates {
		return stateNames[s]
	}
	return "invalid"
}

// ParseState finds a state by its code.
func ParseState(s string) (State, bool) {
	for i, n := range stateNames {
		if n == s {
			return State(i), true
		}
	}
	return 0, false
}
