using System.Diagnostics;

namespace Storage.Host;

/// <summary>Spans of the storage service.</summary>
internal static class StorageTelemetry
{
    public const string Name = "Distributed.Storage";

    public static readonly ActivitySource Spans = new(Name);
}
