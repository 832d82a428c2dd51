using Storage.Core.State;

namespace Storage.Core.Database;

/// <summary>
/// The v2 key space in a database: buckets of our own, which etcd and its tools carry along and do not look at. They are there only when v2 was ever written
/// to, so that any other file has what etcd's has and no more. Rows are those of the data file's tables.
/// </summary>
internal static class V2Buckets
{
    public const string Events = "v2_events", Mapping = "v2_mapping", Nodes = "v2_nodes", Numbers = "v2_numbers";

    public static ReadOnlySpan<byte> InitialIndex => "initial_index"u8;
    public static ReadOnlySpan<byte> Index => "index"u8;
    public static ReadOnlySpan<byte> LastNodeId => "last_node_id"u8;

    /// <summary>In Mapping, when v2 keys are v3 keys: the prefix of these, and a slash.</summary>
    public static ReadOnlySpan<byte> Prefix => "prefix"u8;

    public static bool AreNeeded(in MetaRecord meta) => meta.V2Index != meta.V2InitialIndex || meta.V2LastNodeId != 0;

    public static List<(byte[] Key, byte[] Value)> NumbersOf(in MetaRecord meta) =>
    [
        (InitialIndex.ToArray(), DatabaseRecords.Number((ulong)meta.V2InitialIndex)),
        (Index.ToArray(), DatabaseRecords.Number((ulong)meta.V2Index)),
        (LastNodeId.ToArray(), DatabaseRecords.Number((ulong)meta.V2LastNodeId)),
    ];
}
