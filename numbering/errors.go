package numbering

import "tsujiban"

// What can be wrong with digits or a URI. Parse and ParseURI return these values
// themselves, never wrapped: nothing is allocated for a caller that sends garbage.
var (
	ErrEmpty       = invalid("no digits were dialled")
	ErrTooLong     = invalid("too long for a number: at most 15 digits after the prefixes, 64 characters in all")
	ErrCharacter   = invalid("a number has only the digits 0 to 9, the separators - . ( ) and space, and a + in front")
	ErrPlus        = invalid("the + may only be the first character")
	ErrServiceCode = invalid("codes with * or # belong to the PBX and are not numbers of the network")
	ErrIncomplete  = invalid("the number after the prefix is missing")
	ErrTooShort    = invalid("too short for a number of that country")
	ErrLength      = invalid("a number of that range has another count of digits")
	ErrCountryCode = invalid("no country code begins with 0")
	ErrTrunkZero   = invalid("the 0 in front of the area code is not dialled after a country code")
	ErrHomeCode    = invalid("the international prefix is not dialled before a number of the home country")
	ErrPrefixTwice = invalid("a prefix may be dialled once")
	ErrCarrierCode = invalid("a carrier code is followed by 010, by a number that begins with 0, or by an emergency number")
	ErrSpecial     = invalid("numbers that begin with 1 have three digits")
	ErrLocal       = invalid("the area code is missing: dial the number with its 0 in front")
	ErrShort       = invalid("no number is that short")

	ErrURI        = invalid("not a tel:, sip: or sips: URI with a telephone number")
	ErrURIParam   = invalid("the URI has a parameter that would lead the call elsewhere (rn, cic), or one parameter twice")
	ErrURIContext = invalid("the phone-context of the URI is neither + and a country code nor a domain name, or the number does not fit it")
)

// Errors of New.
var (
	ErrCountry   = invalid("not an ISO 3166-1 alpha-2 code, in capitals, of a country that has a country calling code")
	ErrEmergency = invalid("an emergency number has two to six digits")
)

func invalid(text string) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", text)
}
