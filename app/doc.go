// Package app runs a project: it reads nudge.yaml and the flows of a folder, opens the
// store, and starts the engine, its channels and its HTTP servers. The nudge command is a
// thin layer of verbs above it. Another program can run a project with it in the same way.
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
// [Load] reads a folder and refuses a project with mistakes. [Read] reads files of any
// kind and returns the mistakes in the project's List. The caller chooses which settings
// of nudge.yaml are read: [AllSettings] is for a program that talks to the provider and
// has the project's secrets, [LocalSettings] is for a program that does not.
//
// # An instance
//
// [Start] returns once the instance serves. From then on the instance takes events and
// webhooks and sends messages, until [Instance.Stop]. [Instance.Reload] deploys the
// project as it is on disk at that moment. [Instance.Failure] delivers the error that
// prevents the instance from going on. Only one instance can have a data folder open.
//
// [StartLocal] also starts a sandbox, which plays the provider and the people. Its
// instance can reach only this sandbox.
//
// # Errors
//
// Errors are an [*Error] with a [Kind]. The kind says who has to act.
package app
