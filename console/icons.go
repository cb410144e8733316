package console

import "html/template"

// iconPaths are lines in a square of 16.
var iconPaths = map[string]string{
	"flows":     "M3 2.500h4v3.500H3zM9 10h4v3.500H9zM5 6v2.500q0 1.500 1.500 1.500H9M5 8.500",
	"runs":      "M4 2.500l9 5.500-9 5.500z",
	"people":    "M8 8a2.800 2.800 0 1 0-.01 0zM2.500 14c.6-3 2.800-4.200 5.500-4.200s4.900 1.200 5.500 4.200",
	"campaigns": "M2 6.500v3h2.500l6 3.500V3l-6 3.500zM13 6.200q1 1.800 0 3.600",
	"events":    "M8.800 1.500L3 9.200h4.200L6.800 14.500 13 6.500H8.600z",
	"templates": "M2.500 2.500h11v11h-11zM2.500 6h11M6 6v7.500",
	"stories":   "M2 3h5.500v10.500H2zM8.500 3H14v10.500H8.500z",
	"deploys":   "M8 10.500V2M4.800 5L8 1.800 11.200 5M2.500 9.500v4h11v-4",
	"health":    "M1.500 8.500h3l2-5 3 9.500 2-4.500h3",
	"audit":     "M4 1.500h8v13H4zM6.200 5h3.600M6.200 8h3.600M6.200 11h2",
	"inbox":     "M4.500 1.500h7v13h-7zM7.200 12.300h1.600",
	"find":      "M7 2a5 5 0 1 0 .01 0zM10.800 10.800L14 14",
	"moon":      "M13.500 9.500A6 6 0 1 1 6.500 2.500a5 5 0 0 0 7 7z",
	"home":      "M2.500 7.500L8 2.500l5.500 5v6h-4v-4h-3v4h-4z",
	"send":      "M1.5 3.5h13v9h-13zM1.5 4l6.5 5 6.5-5",
	"wait":      "M8 1.5a6.5 6.5 0 1 0 .01 0zM8 4.5v3.7l2.5 1.6",
	"choose":    "M8 14V9.500M8 9.500C8 6.500 3 7 3 2.500M8 9.500C8 6.500 13 7 13 2.500M1 4.500l2-2 2 2M11 4.500l2-2 2 2",
	"reply":     "M13.500 11.500c-.8-3-2.800-4.500-6-4.500V4L2.500 8.500l5 4.500v-3c2.600 0 4.400.400 6 1.500z",
	"flag":      "M3.500 14.500v-12M3.500 3h8.500l-2 3 2 3H3.500",
	"check":     "M3 8.500l3.200 3L13 4.500",
	"cross":     "M4 4l8 8M12 4l-8 8",
	"pause":     "M5.500 3v10M10.500 3v10",
	"next":      "M3 3l6 5-6 5zM12 3v10",
	"up":        "M8 13V3.500M4 7l4-4 4 4",
}

// icon draws a sign that says nothing to those who do not see it.
func icon(name string) (template.HTML, error) {
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="` + iconPaths[name] + `"/></svg>`), nil
}
