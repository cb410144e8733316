// Command site renders the documentation into a folder of HTML that a browser opens without a server:
//
//	go run ./docs/site -o site
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"nudge/docs/site/render"
)

func main() {
	out := flag.String("o", "", "the `folder` to write; it has to be empty or new")
	root := flag.String("root", ".", "the `folder` of the repository")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(*root, *out); err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
	fmt.Println("open", filepath.Join(*out, "index.html"))
}

func write(root, out string) error {
	if found, err := os.ReadDir(out); err == nil && len(found) > 0 {
		return fmt.Errorf("%s is not empty; name another folder, or delete it", out)
	}
	site, err := render.Read(os.DirFS(root))
	if err != nil {
		return err
	}
	return site.Write(out)
}
