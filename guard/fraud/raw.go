package fraud

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"unsafe"
)

// The states hold no pointers, so their memory is their record. It can be read back only by a program that lays them out in the
// same way, which Layout tells; another one folds the journal again.

// Raw is the memory of the state. What is written to it is the state from then on.
func (s *State) Raw() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s)) }

// Raw is the memory of the model.
func (m *Model) Raw() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(m)), unsafe.Sizeof(*m)) }

// Raw is the memory of the trace.
func (t *Trace) Raw() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(t)), unsafe.Sizeof(*t)) }

// Layout names how the memory is laid out, of these types and of the others that are given. It panics when one holds a pointer,
// which is a mistake in the program.
func Layout(others ...reflect.Type) uint64 {
	h := fnv.New64a()
	one := uint16(1)
	fmt.Fprintf(h, "%d ", *(*byte)(unsafe.Pointer(&one))) // the order of bytes
	for _, t := range append([]reflect.Type{reflect.TypeFor[State](), reflect.TypeFor[Model](), reflect.TypeFor[Trace]()}, others...) {
		describe(t, func(format string, args ...any) { fmt.Fprintf(h, format, args...) })
	}
	return h.Sum64()
}

func describe(t reflect.Type, print func(string, ...any)) {
	switch t.Kind() {
	case reflect.Struct:
		print("{%d", t.Size())
		for i := range t.NumField() {
			f := t.Field(i)
			print(" %s@%d ", f.Name, f.Offset)
			describe(f.Type, print)
		}
		print("}")
	case reflect.Array:
		print("[%d]", t.Len())
		describe(t.Elem(), print)
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		print("%s%d", t.Kind(), t.Size())
	default:
		panic("fraud: a state holds a " + t.String())
	}
}
