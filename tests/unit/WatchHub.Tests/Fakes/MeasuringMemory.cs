namespace WatchHub.Tests.Fakes;

/// <summary>Tests that measure the memory of the process run when no other does: what others make or leave behind would be counted.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuringMemory
{
    public const string Name = "measuring memory";
}
