package console

var batchViews = []view{}

var batchActions = []action{}
