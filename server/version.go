package server

// APIVersion is the version of the API: the paths of its routes begin with it, as /v1.
const APIVersion = "1"
