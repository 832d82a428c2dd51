namespace ApiGateway.Core.V2;

/// <summary>The parameters of a request on /v2/keys, checked. Which of them matter depends on the verb.</summary>
/// <param name="Path">The node: clean, beginning with '/'.</param>
/// <param name="TtlSeconds">Null: permanent. 0: expired at once.</param>
/// <param name="PrevIndex">0: not given.</param>
/// <param name="WaitIndex">0: from now.</param>
/// <param name="PrevValue">Null: not given; never empty.</param>
public sealed record V2Request(
    string Path, byte[] Value, ulong? TtlSeconds, bool Dir, bool? PrevExist, byte[]? PrevValue, ulong PrevIndex, bool Recursive,
    bool Sorted, bool Wait, ulong WaitIndex, bool Stream, bool Quorum, bool? Refresh, bool NoValueOnSuccess);
