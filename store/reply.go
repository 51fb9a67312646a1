package store

// Reply is what the API answered to a request that carries an Idempotency-Key.
type Reply struct {
	Hash   [32]byte // of the request
	Status int      // 0: it was begun, and nobody knows how it ended
	Header map[string]string
	Body   []byte
	Gone   bool // the body was not kept
}
