// Package fraud weighs evidence that somebody else is using a customer's line.
package fraud
