package templates

import (
	"slices"

	"golang.org/x/text/currency"
)

// isoDecimals are the decimals of the currencies that do not have two, by ISO 4217. The
// table of x/text is not used for them: it follows usage, and would round 1,234.50 PKR.
var isoDecimals = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
	"UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// newCurrencies are codes of ISO 4217 that are newer than the table of x/text.
var newCurrencies = []string{"BYN", "MRU", "SLE", "STN", "UYW", "VED", "VES", "XAD", "XCG", "ZWG"}

// currencyDecimals returns how many decimals the amounts of a currency have. It returns
// false for a code that ISO 4217 does not have, and for its codes that mean no currency.
func currencyDecimals(code string) (decimals int, ok bool) {
	if !slices.Contains(newCurrencies, code) {
		unit, err := currency.ParseISO(code)
		if err != nil || unit == currency.XXX || unit == currency.XTS {
			return 0, false
		}
	}
	if decimals, ok := isoDecimals[code]; ok {
		return decimals, true
	}
	return 2, true
}
