// Deployments measure time and fill the machine: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
