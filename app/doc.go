// Package app brings a project to life: it reads nudge.yaml and the flows of a folder, opens
// the store, and starts the engine, its channels and its HTTP servers. The nudge command is a
// thin layer of verbs above it, and another program can run a project with it just as well.
//
//	project, err := app.Load("shop", app.AllSettings(os.LookupEnv), os.Stderr)
//	if err != nil {
//		return err
//	}
//	listener, err := app.Listen(project.Settings.Listen.API)
//	if err != nil {
//		return err
//	}
//	instance, err := app.Start(ctx, app.Config{
//		Project: project, DataDir: "shop/data", Listener: listener, Log: slog.Default(),
//	})
//	if err != nil {
//		return err
//	}
//	defer instance.Stop()
//
// # A project
//
// [Load] reads a folder and refuses one with mistakes. [Read] reads files of any kind and
// returns the mistakes in the project's List. What of nudge.yaml is read is the caller's
// choice: [AllSettings] is for a program that meets the provider and has the project's secrets,
// [LocalSettings] for one that does not.
//
// # An instance
//
// [Start] returns once the instance serves. From then on it takes events and webhooks, and sends
// messages, until [Instance.Stop]. [Instance.Reload] deploys the project as it is on disk then;
// [Instance.Failure] delivers the error for which it cannot go on. Only one instance can have a
// data folder open.
//
// [StartLocal] starts a sandbox too, which plays the provider and the people, and an instance
// that can reach nobody else.
//
// # Errors
//
// Errors are an [*Error] with a [Kind], which says who has to act.
package app
