// Package config reads the configuration file and the file of customers and
// trunks that an operator imports.
//
// Both are TOML and strict: an unknown key, a wrong type or a value that cannot
// be is a [Problem] with file and line, and all problems are told at once, each
// with what to write instead. What comes out is complete: every default is
// filled in, every path is absolute, every address is parsed. Nothing here
// opens a socket or reads any other file; whether certificates and rates can be
// read is for the program that needs them.
package config
