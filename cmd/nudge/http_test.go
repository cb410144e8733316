//go:build unix

package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"nudge/channels/appmessaging"
)

// httpMain is a program for scripts that makes one request and prints the status and
// the body:
//
//	http [-token T] [-type MEDIA] [-host H] [-sign SECRET] METHOD URL [BODY | @FILE | +BYTES]
//
// A body of +BYTES is that many zeros.
func httpMain() {
	token := flag.String("token", "", "bearer token")
	media := flag.String("type", "application/json", "content type")
	host := flag.String("host", "", "Host header")
	secret := flag.String("sign", "", "secret of a webhook")
	flag.Parse()
	if name, ok := strings.CutPrefix(*token, "@"); ok {
		*token = strings.TrimSpace(string(requestBody("@" + name)))
	}
	body := requestBody(flag.Arg(2))
	r, err := http.NewRequest(flag.Arg(0), flag.Arg(1), bytes.NewReader(body))
	if err != nil {
		fatal(err)
	}
	r.Header.Set("Content-Type", *media)
	r.Host = *host
	if *token != "" {
		r.Header.Set("Authorization", "Bearer "+*token)
	}
	if *secret != "" {
		r.Header.Set(appmessaging.SignatureHeader, appmessaging.Sign(*secret, body))
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		fatal(err)
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode)
	io.Copy(os.Stdout, response.Body)
}

func requestBody(text string) []byte {
	if name, ok := strings.CutPrefix(text, "@"); ok {
		raw, err := os.ReadFile(name)
		if err != nil {
			fatal(err)
		}
		return raw
	}
	var n int
	if _, err := fmt.Sscanf(text, "+%d", &n); err == nil {
		return make([]byte, n)
	}
	return []byte(text)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
