package people

// OnHash tells f of every run of the password hash.
func (d *Door) OnHash(f func()) { d.hasher.ran = f }
