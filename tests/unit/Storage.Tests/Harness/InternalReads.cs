using Consensus.Contracts;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace Storage.Tests.Harness;

/// <summary>Reads of tests that are not about who asks.</summary>
internal static class InternalReads
{
    public static ValueTask<ReadResult> RangeAsync(
        this IStorage storage, ReadOnlyMemory<byte> request, LogIndex minApplied, CancellationToken cancellation) =>
        storage.RangeAsync(request, minApplied, Caller.Internal, cancellation);

    public static ValueTask<ReadResult> ReadOnlyTxnAsync(
        this IStorage storage, ReadOnlyMemory<byte> request, LogIndex minApplied, CancellationToken cancellation) =>
        storage.ReadOnlyTxnAsync(request, minApplied, Caller.Internal, cancellation);
}
