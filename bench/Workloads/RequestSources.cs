namespace Bench.Workloads;

/// <summary>Which requests a unary load sends.</summary>
internal static class RequestSources
{
    private const byte WriteFamily = (byte)'w';
    private const byte ReadFamily = (byte)'r';

    /// <summary>The requests of a load; null when it is not a unary one.</summary>
    public static IRequestSource? For(LoadOptions options) => options.Workload switch
    {
        WorkloadKind.Put => new PutRequests(WriteFamily, options.KeySpace, options.ValueBytes, isSequential: false),
        WorkloadKind.RangeLinearizable => new RangeRequests(ReadFamily, options.PrefillKeys, isSerializable: false),
        WorkloadKind.RangeSerializable => new RangeRequests(ReadFamily, options.PrefillKeys, isSerializable: true),
        WorkloadKind.Txn => new TxnRequests(WriteFamily, options.KeySpace, options.ValueBytes),
        WorkloadKind.Mixed => new MixedRequests(
            new RangeRequests(ReadFamily, options.PrefillKeys, isSerializable: false),
            new TxnRequests(WriteFamily, options.KeySpace, options.ValueBytes)),
        _ => null,
    };

    /// <summary>Whether a load reads keys that have to exist.</summary>
    public static bool NeedsPrefill(WorkloadKind workload) =>
        workload is WorkloadKind.RangeLinearizable or WorkloadKind.RangeSerializable or WorkloadKind.Mixed;

    /// <summary>Puts of a key that no load uses.</summary>
    public static PutRequests Probe() => new((byte)'p', keySpace: 1, valueBytes: 8, isSequential: true);

    /// <summary>Writes each key of the read family once.</summary>
    public static PutRequests Prefill(LoadOptions options) =>
        new(ReadFamily, options.PrefillKeys, options.ValueBytes, isSequential: true);
}
