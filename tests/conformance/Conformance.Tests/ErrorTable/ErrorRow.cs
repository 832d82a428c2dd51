using Conformance.V3;

namespace Conformance.ErrorTable;

/// <summary>One row of etcd's table of errors (v3-semantics §9): what clients match on.</summary>
/// <param name="Code">The gRPC code that a 3.5 server sends.</param>
/// <param name="Message">Its exact text.</param>
internal sealed record ErrorRow(int Code, string Message)
{
    /// <summary>Steps at whose end the error has been answered; null when <see cref="Why"/> says why there are none.</summary>
    public Func<GrpcSession, Task>? Produce { get; init; }

    /// <summary>They leave a member without a quorum behind.</summary>
    public bool CostsTheQuorum { get; init; }

    /// <summary>It is about users and roles: <see cref="AuthErrorsTests"/> has the steps.</summary>
    public bool IsOfUsers { get; init; }

    /// <summary>Why no client can be made to see it on purpose, or where else it is compared.</summary>
    public string Why { get; init; } = "";

    /// <summary>The text without what all have in common.</summary>
    public string Name => Message.Replace("etcdserver: ", "", StringComparison.Ordinal).Replace("mvcc: ", "", StringComparison.Ordinal).Replace(' ', '-');
}
