module example.com/signup

go 1.26.0

require nudge v0.0.0

replace nudge => ../../..
