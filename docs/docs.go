// Package docs has the pages, and what of them the program serves.
package docs

import _ "embed"

// OpenAPI describes the HTTP API in OpenAPI 3.1. It is made of package server's routes and types: go test
// ./server -run TestOpenAPI -update writes it.
//
//go:embed openapi.json
var OpenAPI []byte
