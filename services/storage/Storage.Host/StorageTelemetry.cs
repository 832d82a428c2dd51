using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Storage.Host;

/// <summary>Spans and metrics of the storage service.</summary>
internal static class StorageTelemetry
{
    public const string Name = "Distributed.Storage";

    public static readonly ActivitySource Spans = new(Name);

    private static readonly Meter s_meter = new(Name);

    public static readonly Counter<long> AppliedEntries =
        s_meter.CreateCounter<long>("storage.applied.entries", "{entry}", "Log entries applied");

    public static readonly Histogram<double> CommitSeconds =
        s_meter.CreateHistogram<double>("storage.commit.duration", "s", "Time to write a tree commit to stable storage");

    public static readonly Counter<long> SweptRevisions =
        s_meter.CreateCounter<long>("storage.compaction.removed", "{revision}", "Revisions removed by compaction");
}
